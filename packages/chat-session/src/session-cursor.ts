import { isUuid } from './ids.ts'
import type { Session } from './session.ts'

/** Where a page of sessions ended, as an opaque string. */
export const writeSessionCursor = ({ updatedAt, id }: Pick<Session, 'updatedAt' | 'id'>): string =>
  Buffer.from(`${updatedAt} ${id}`).toString('base64url')

/** Reads a cursor back; null where it is not one. */
export const readSessionCursor = (cursor: string): { readonly updatedAt: number, readonly id: string } | null => {
  if (typeof cursor !== 'string' || cursor.length > 200) return null
  const [updatedAt, id, ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ')
  return /^\d{1,15}$/.test(updatedAt ?? '') && isUuid(id) && rest.length === 0 ? { updatedAt: Number(updatedAt), id } : null
}
