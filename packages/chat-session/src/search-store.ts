import { err, fail, type HiveError, type Result } from '@hivekit/errors'
import type { Engine } from './engine.ts'
import { isUuid } from './ids.ts'
import { noSession } from './not-found.ts'
import type { SearchOptions, SearchPage } from './search.ts'
import { parseQuery } from './search/parse-query.ts'
import { readSearchCursor, writeSearchCursor } from './search/search-cursor.ts'

/** A longer query is not one that a person typed. */
const maxQueryChars = 1_000

/** Checks a search, has the engine make it, and writes where its page ended. */
export const searchStore = async (
  engine: Engine,
  scope: { readonly bot?: string, readonly user?: string },
  query: string,
  { limit = 20, cursor, order = 'newest', sessionId, signal }: SearchOptions = {},
): Promise<Result<SearchPage, HiveError>> => {
  if (typeof query !== 'string') return fail('invalid_argument', 'A query must be a string.')
  if (query.length > maxQueryChars) return fail('too_large', `A query has more than ${maxQueryChars} characters.`)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) return fail('invalid_argument', 'A limit must be a whole number from 1 to 100.')
  if (order !== 'newest' && order !== 'relevance') return fail('invalid_argument', 'An order must be newest or relevance.')
  if (sessionId !== undefined) {
    const owner = isUuid(sessionId) ? await engine.scopeOf(sessionId) : err(noSession(sessionId))
    if (owner.isErr()) return err(owner.error)
    const { bot, user } = owner.value
    if ((scope.bot ?? bot) !== bot || (scope.user ?? user) !== user) return err(noSession(sessionId))
  }
  const after = cursor === undefined ? null : readSearchCursor(cursor, order)
  if (cursor !== undefined && after === null) return fail('invalid_argument', 'The cursor is not one of ours.')
  const found = await engine.search({ scope, query: parseQuery(query), session: sessionId ?? null, order, limit, after }, signal)
  return found.map(({ items, next }) => (next === null ? { items } : { items, next: writeSearchCursor(next) }))
}
