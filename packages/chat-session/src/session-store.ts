import type { HiveError, Result } from '@hivekit/errors'
import type { RetentionPolicy, RetentionReport } from './archive/apply-retention.ts'
import type { BotSessions } from './bot-sessions.ts'
import type { BotId } from './ids.ts'
import type { Message } from './message.ts'
import type { SearchOptions, SearchPage } from './search.ts'
import type { StoreEvent } from './store-event.ts'

/** Whose sessions a door opens onto, beside the bot's. */
export interface ScopeOptions {
  /** The user whose sessions these are, 1 to 200 characters. Without it, the sessions that belong to no user. */
  readonly userId?: string
}

/** What a crash left behind, put in order. */
export interface Recovery {
  /** Replies that were being written when the process died; now `failed`, with the text they had. */
  readonly failed: readonly RecoveredMessage[]
  /** Replies that were never begun, oldest first: run them again. */
  readonly pending: readonly RecoveredMessage[]
}

/** Whose a session is. */
export interface SessionScope {
  /** The bot it belongs to. */
  readonly botId: BotId
  /** The user it belongs to, when its scope is a user and a bot. */
  readonly userId?: string
}

/** A message and whose session it is in. */
export interface RecoveredMessage extends SessionScope {
  /** The message as it now is. */
  readonly message: Message
}

/** What an integrity check found. */
export interface IntegrityReport {
  /** True when nothing is wrong. */
  readonly ok: boolean
  /** What is wrong, a line each; at most 100. */
  readonly problems: readonly string[]
}

/** How a store is doing, for a dashboard. */
export interface StoreSnapshot {
  /** Which engine holds the data. */
  readonly engine: 'sqlite' | 'postgres'
  /** How many sessions there are, over all bots. */
  readonly sessions: number
  /** How many messages there are, over all bots. */
  readonly messages: number
  /** Replies being written by this process. */
  readonly openReplies: number
  /** Writes that wait for their commit. */
  readonly queuedWrites: number
  /** Commits since the store was opened. */
  readonly commits: number
  /** Writes since the store was opened, refused ones included. */
  readonly writes: number
  /** How long the last commit took, its `fsync` included, in milliseconds. */
  readonly lastCommitMs: number
}

/** The sessions and messages of every bot. A promise of a write that has settled well is on the disk. */
export interface SessionStore extends AsyncDisposable {
  /**
   * Opens the only door to a bot's sessions. Nothing behind it can reach another bot's or another user's:
   * a foreign id answers `not_found`, as an unknown one does. Costs nothing; keep it or ask again.
   *
   * @throws TypeError when an id is not a string of 1 to 200 characters.
   */
  forBot(botId: string, options?: ScopeOptions): BotSessions
  /** Finds whose a session is, for a host whose addresses hold only its id. Fails as `not_found`. */
  botOf(sessionId: string): Promise<Result<BotId, HiveError>>
  /** Finds whose a session is, user and bot, as {@link SessionStore.botOf} does. */
  scopeOf(sessionId: string): Promise<Result<SessionScope, HiveError>>
  /**
   * Searches the sessions of every bot, for a host's own eyes; `bot:keeper` narrows it. Otherwise as
   * {@link BotSessions.search}.
   */
  search(query: string, options?: SearchOptions & ScopeOptions): Promise<Result<SearchPage, HiveError>>
  /** Puts in order what a crash left behind. Call it once at the start, before new replies are opened. */
  recover(): Promise<Result<Recovery, HiveError>>
  /** Archives and deletes what has been idle for long enough. Call it now and then; it does what is due and returns. */
  applyRetention(policy: RetentionPolicy, options?: { readonly signal?: AbortSignal }): Promise<Result<RetentionReport, HiveError>>
  /** Reads everything and checks it: the database's pages, and that counts, places and rows agree. Costs seconds per GB. */
  checkIntegrity(): Promise<Result<IntegrityReport, HiveError>>
  /** Tells whether a write would succeed now, by making one. Fails as `storage_full` or `unavailable`. */
  checkWritable(): Promise<Result<void, HiveError>>
  /** Says how the store is doing. */
  snapshot(): StoreSnapshot
  /** Calls the listener after each change by this process, of any bot. Returns what stops it. */
  onEvent(listener: (event: StoreEvent) => void): () => void
}
