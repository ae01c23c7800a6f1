import type { BotId, MessageId, SessionId } from './ids.ts'
import type { MessageRole } from './message.ts'
import type { SnippetPart } from './search/snippet.ts'

/** How to search. */
export interface SearchOptions {
  /** How many hits a page has at most, 1 to 100. Default 20. */
  readonly limit?: number
  /** Where the page before ended: its `next`. Give the same query and options with it. */
  readonly cursor?: string
  /**
   * `newest` first, or by `relevance`: how much of a message is about the words, among the newest 500 that hold
   * them. Default `newest`.
   */
  readonly order?: 'newest' | 'relevance'
  /** Only in this session. Default: in all. */
  readonly sessionId?: string
  /** Gives the search up; it then fails as `cancelled`, at once. */
  readonly signal?: AbortSignal
}

/** A message that holds what was looked for. */
export interface SearchHit {
  /** Whose session it is in. */
  readonly botId: BotId
  /** The session it is in. */
  readonly sessionId: SessionId
  /** That session's title. */
  readonly sessionTitle: string
  /** The message's id. */
  readonly messageId: MessageId
  /** Its place in the session. */
  readonly seq: number
  /** Who said it. */
  readonly role: MessageRole
  /** When it was stored, in epoch milliseconds. */
  readonly createdAt: number
  /** A stretch of its text, some 200 characters, with what was found marked. */
  readonly snippet: readonly SnippetPart[]
}

/** One page of hits. */
export interface SearchPage {
  /** The hits. */
  readonly items: readonly SearchHit[]
  /** The `cursor` of the page after this one. Missing on the last page. */
  readonly next?: string
}
