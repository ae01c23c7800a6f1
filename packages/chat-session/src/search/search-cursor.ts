import type { SearchPlace } from '../sqlite/search.ts'

/** Where a page of hits ended, as an opaque string. */
export const writeSearchCursor = ({ n, score, newest }: SearchPlace): string =>
  Buffer.from(JSON.stringify(score === undefined ? [n] : [n, score, newest])).toString('base64url')

/** Reads a cursor back; null where it is not one for this order. */
export const readSearchCursor = (cursor: string, order: 'newest' | 'relevance'): SearchPlace | null => {
  try {
    const [n, score, newest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (!Number.isSafeInteger(n)) return null
    if (order === 'newest') return score === undefined ? { n: n as number } : null
    if (typeof score !== 'number' || !Number.isSafeInteger(newest)) return null
    return { n: n as number, score, newest: newest as number }
  } catch {
    return null
  }
}
