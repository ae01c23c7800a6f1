import type { DatabaseSync } from 'node:sqlite'
import type { ColdParts } from '../archive/archive-file.ts'
import type { BotId, MessageId, SessionId } from '../ids.ts'
import { bytesToUuid, uuidToBytes } from '../ids.ts'
import type { Attachment } from '../message.ts'
import { decodeParts } from '../parts-json.ts'
import type { SearchHit, SearchPage } from '../search.ts'
import { createMatcher, type Matcher } from '../search/match.ts'
import type { ParsedQuery } from '../search/parse-query.ts'
import { searchableText } from '../search/searchable-text.ts'
import { snippetOf } from '../search/snippet.ts'
import { indexText, type Phrase } from '../search/tokenize.ts'
import { roles } from './codes.ts'
import { attachmentTag, dayTag, monthTag, roleTags, scopeRange, sessionTag, yearTag } from './message-index.ts'

/** What to search, as it crosses to the thread that searches. */
export interface SearchRequest {
  /** Whose sessions; a missing bot is every bot, and a missing user every user. */
  readonly scope: { readonly bot?: string, readonly user?: string }
  readonly query: ParsedQuery
  readonly session: string | null
  readonly order: 'newest' | 'relevance'
  readonly limit: number
  readonly after: SearchPlace | null
}

/** Where a page of hits ended. Ranked pages keep to the messages there were when the first was read. */
export interface SearchPlace {
  readonly n: number
  readonly score?: number
  readonly newest?: number
}

/** One page, and where it ended if there is more. */
export interface FoundPage {
  readonly items: readonly SearchHit[]
  readonly next: SearchPlace | null
}

/** By relevance, this many of the newest hits are ranked. */
const candidateCount = 500
/** A beginning of a word may stand for so many words that gathering them costs more than reading the newest messages. */
const scanCount = 500

interface Row {
  readonly n: number
  readonly id: Uint8Array
  readonly seq: number
  readonly role: number
  readonly created_at: number
  readonly attachments: string | null
  readonly parts: string | null
  readonly session_id: Uint8Array
  readonly title: string
  readonly bot: string
}

interface Candidate { readonly row: Row, readonly text: string, readonly score: number }

/** Prepares searches over one connection. */
export const createSearch = (db: DatabaseSync, cold: ColdParts): ((request: SearchRequest) => FoundPage) => {
  const scopesOf = db.prepare(
    `SELECT c.key, c.bot FROM scopes c WHERE (?1 IS NULL OR c.bot = ?1) AND (?2 IS NULL OR c.user = ?2)
     AND EXISTS (SELECT 1 FROM sessions s WHERE s.scope = c.key)`,
  )
  const sessionKey = db.prepare('SELECT key, scope FROM sessions WHERE id = ?')
  const numbers = db.prepare(
    'SELECT rowid AS n FROM message_index WHERE message_index MATCH ? AND rowid >= CAST(? AS INTEGER) AND rowid < CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?',
  )
  const rowOf = db.prepare(
    `SELECT m.n, m.id, m.seq, m.role, m.created_at, m.attachments, m.parts, s.id AS session_id, s.title, c.bot
     FROM messages m JOIN sessions s ON s.key = m.session JOIN scopes c ON c.key = s.scope WHERE m.n = ?`,
  )

  /** Hits of one scope with numbers below `below`, the newest first: the first `most` of them. */
  const hitsOf = (scope: number, below: number, most: number, plan: Plan): Candidate[] => {
    const found: Candidate[] = []
    /** Reads messages a block at a time until there are enough; false when it gave up after `limit` of them. */
    const take = (expression: string, test: boolean, limit: number): boolean => {
      let end = scope * scopeRange + Math.min(below, scopeRange)
      for (let seen = 0; seen < limit;) {
        const block = Math.min(limit - seen, test ? 200 : Math.max(20, most - found.length))
        const rows = numbers.all(expression, scope * scopeRange, end, block) as { n: number }[]
        for (const { n } of rows) {
          const row = rowOf.get(n - scope * scopeRange) as unknown as Row | undefined
          // A session that is being deleted has no scope any more, though the index may still know it.
          if (!row || row.created_at < plan.from || row.created_at >= plan.until) continue
          // Reading archives to rank or to test would cost more than it tells: they rank last, and the index tests them.
          if (row.parts === null && test) return false
          const text = (plan.needsText || test) && row.parts !== null ? indexText(textOfRow(row, cold)) : ''
          if (test && !plan.matcher.matches(text)) continue
          found.push({ row, text, score: plan.ranked ? plan.matcher.score(text) : 0 })
          if (found.length === most) return true
        }
        if (rows.length < block) return true
        seen += rows.length
        end = rows.at(-1)!.n
      }
      return false
    }
    if (plan.wide !== null) {
      if (take(plan.wide, true, scanCount)) return found
      if (plan.ranked && found.length >= 100) return found
      found.length = 0
    }
    take(plan.exact, false, Infinity)
    return found
  }

  return ({ scope, query, session, order, limit, after }) => {
    const known = session === null ? null : (sessionKey.get(uuidToBytes(session)) as { key: number, scope: number } | undefined)
    const scopes = (scopesOf.all(scope.bot ?? null, scope.user ?? null) as { key: number, bot: string }[])
      .filter(({ key, bot }) => (query.bots.length === 0 || query.bots.includes(bot)) && (known === null || key === known?.scope))
    const plan = planOf(query, known?.key ?? null, order === 'relevance')
    if (order === 'newest') {
      const all = scopes.flatMap(({ key }) => hitsOf(key, after?.n ?? scopeRange, limit + 1, plan)).toSorted((a, b) => b.row.n - a.row.n)
      const page = all.slice(0, limit)
      return {
        items: page.map(c => toHit(c.row, query.wanted, cold)),
        next: all.length > limit ? { n: page.at(-1)!.row.n } : null,
      }
    }
    const newest = after?.newest ?? scopeRange
    const ranked = scopes.flatMap(({ key }) => hitsOf(key, newest, candidateCount, plan))
      .toSorted((a, b) => b.row.n - a.row.n).slice(0, candidateCount)
      .toSorted((a, b) => b.score - a.score || b.row.n - a.row.n)
    const rest = after === null ? ranked : ranked.filter(({ row, score }) => score < after.score! || (score === after.score && row.n < after.n))
    const page = rest.slice(0, limit)
    const last = page.at(-1)
    const top = after?.newest ?? Math.max(0, ...ranked.map(c => c.row.n)) + 1
    return {
      items: page.map(c => toHit(c.row, query.wanted, cold)),
      next: last && rest.length > limit ? { n: last.row.n, score: last.score, newest: top } : null,
    }
  }
}

interface Plan {
  /** The whole query, for the index. */
  readonly exact: string
  /** The query without its beginnings of words, for the index; what it finds must be tested. Null where it has none. */
  readonly wide: string | null
  readonly matcher: Matcher
  readonly ranked: boolean
  readonly needsText: boolean
  readonly from: number
  readonly until: number
}

const planOf = (query: ParsedQuery, session: number | null, ranked: boolean): Plan => {
  const dates = dateTags(query.from, query.until)
  const tags = [
    ...(session === null ? [] : [sessionTag(session)]),
    ...(query.roles.length === 0 ? [] : [anyOf(roles.flatMap((role, i) => (query.roles.includes(role) ? [roleTags[i]!] : [])))]),
    ...(query.attachment === true ? [attachmentTag] : []),
    ...dates.wanted,
  ]
  const notTags = [...(query.attachment === false ? [attachmentTag] : []), ...dates.unwanted]
  const expression = (wanted: readonly Phrase[], unwanted: readonly Phrase[]): string => {
    const all = [...wanted.map(match), ...tags.map(tag => `tags : ${tag}`)]
    const none = [...unwanted.map(match), ...notTags.map(tag => `tags : ${tag}`)]
    const positive = all.length === 0 ? `tags : ${anyOf(roleTags)}` : all.map(e => `(${e})`).join(' AND ')
    return none.length === 0 ? positive : `(${positive}) NOT (${none.join(' OR ')})`
  }
  const isWhole = (phrase: Phrase) => !phrase.prefix
  const hasPrefix = ![...query.wanted, ...query.unwanted].every(isWhole)
  return {
    exact: expression(query.wanted, query.unwanted),
    wide: hasPrefix ? expression(query.wanted.filter(isWhole), query.unwanted.filter(isWhole)) : null,
    matcher: createMatcher(query),
    ranked,
    needsText: ranked && query.wanted.length > 0,
    from: query.from,
    until: query.until,
  }
}

const match = ({ tokens, prefix }: Phrase): string => `text : "${tokens.join(' ')}"${prefix ? ' *' : ''}`
const anyOf = (tags: readonly string[]): string => `(${tags.join(' OR ')})`

const dayMs = 86_400_000

/** Tags of which each message of a span has one: its years, its months and its days, the larger where they fit. */
const spanTags = (from: number, until: number): string[] => {
  const tags: string[] = []
  for (let at = Math.floor(from / dayMs) * dayMs; at < until;) {
    const date = new Date(at)
    const nextMonth = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
    const nextYear = Date.UTC(date.getUTCFullYear() + 1, 0, 1)
    if (date.getUTCDate() === 1 && date.getUTCMonth() === 0 && nextYear <= until) {
      tags.push(yearTag(at))
      at = nextYear
    } else if (date.getUTCDate() === 1 && nextMonth <= until) {
      tags.push(monthTag(at))
      at = nextMonth
    } else {
      tags.push(dayTag(at))
      at += dayMs
    }
  }
  return tags
}

/**
 * What the index can say of a span of time, to the day; the messages' own times say the rest. A span without an end is
 * all that is not before it.
 */
const dateTags = (from: number, until: number): { readonly wanted: readonly string[], readonly unwanted: readonly string[] } => {
  if (from >= until) return { wanted: ['none'], unwanted: [] }
  const last = Math.min(until, 253_370_764_800_000)
  if (Number.isFinite(until)) return { wanted: [anyOf(spanTags(Math.max(0, from), last))], unwanted: [] }
  const before = from > 0 && Number.isFinite(from) ? spanTags(0, Math.floor(from / dayMs) * dayMs) : []
  return { wanted: [], unwanted: before }
}

const textOfRow = ({ parts, attachments, session_id, seq }: Row, cold: ColdParts): string =>
  searchableText(parts === null ? cold(bytesToUuid(session_id), seq) : decodeParts(parts), attachments === null ? [] : (JSON.parse(attachments) as Attachment[]))

const toHit = (row: Row, wanted: readonly Phrase[], cold: ColdParts): SearchPage['items'][number] => ({
  botId: row.bot as BotId,
  sessionId: bytesToUuid(row.session_id) as SessionId,
  sessionTitle: row.title,
  messageId: bytesToUuid(row.id) as MessageId,
  seq: row.seq,
  role: roles[row.role]!,
  createdAt: row.created_at,
  snippet: snippetOf(textOfRow(row, cold), wanted),
})
