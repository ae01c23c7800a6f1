import type { HiveError, Result } from '@hivekit/errors'
import type { NewAttachment, OpenedAttachment } from './attachments/session-files.ts'
import type { ExportedSession, ExportOptions } from './export/export-options.ts'
import type { ImportedSession, ImportOptions } from './export/import-session.ts'
import type { BotId } from './ids.ts'
import type { Attachment, Message, MessagePart, MessageRole, MessageState } from './message.ts'
import type { ReplyWriter } from './reply-writer.ts'
import type { SearchOptions, SearchPage } from './search.ts'
import type { Session } from './session.ts'
import type { StoreEvent } from './store-event.ts'

/** What a new session may be given. */
export interface NewSession {
  /** What people see in a list. Default: empty. */
  readonly title?: string
  /** A UUID in lower case, for a caller that makes its own ids. Default: a new one. */
  readonly id?: string
}

/** Which page of a list of sessions. */
export interface SessionPageOptions {
  /** How many at most, 1 to 200. Default 50. */
  readonly limit?: number
  /** Where the page before ended: its `next`. */
  readonly cursor?: string
}

/** One page of sessions, the newest activity first. */
export interface SessionPage {
  /** The sessions. */
  readonly items: readonly Session[]
  /** The `cursor` of the page after this one. Missing on the last page. */
  readonly next?: string
}

/** Which page of a session's messages. Neither `before` nor `after`: the newest. */
export interface MessagePageOptions {
  /** How many at most, 1 to 1,000. Default 50. */
  readonly limit?: number
  /** Only messages with a smaller `seq`; the ones nearest to it. */
  readonly before?: number
  /** Only messages with a greater `seq`; the ones nearest to it. */
  readonly after?: number
}

/** One page of messages, in the order they were said. */
export interface MessagePage {
  /** The messages. */
  readonly items: readonly Message[]
  /** The `before` (or, where `after` was asked, the `after`) of the page beyond this one. Missing on the last page. */
  readonly next?: number
}

/** What a person says. */
export interface NewQuestion {
  /** What is said. */
  readonly parts: readonly MessagePart[]
  /** The files that go with it. Default: none. */
  readonly attachments?: readonly Attachment[]
  /** 1 to 200 characters. The same key with the same content in one session stores once; with other content it is a `conflict`. */
  readonly idempotencyKey?: string
}

/** What anyone says. */
export interface NewMessage extends NewQuestion {
  /** Who speaks. */
  readonly role: MessageRole
  /** Where it stands. Default `complete`. A `pending` one can be opened as a reply. */
  readonly state?: Exclude<MessageState, 'streaming'>
}

/** A question as it was stored, and the reply it awaits. */
export interface Asked {
  /** What the person said; complete. */
  readonly message: Message
  /** The bot's reply; pending, unless this is a repetition. */
  readonly reply: Message
  /** True when the idempotency key was known: these are the first call's messages as they now are. */
  readonly repeated: boolean
}

/**
 * One bot's sessions (or one user's with one bot). Every failure of these calls is a `HiveError`: `not_found` for an id
 * that is not behind this door, `too_large` beyond a limit, `invalid_argument` for content that is not what its
 * type says, `storage_full`, `unavailable` when the database is busy or read-only or the store is closed.
 */
export interface BotSessions {
  /** The bot whose sessions these are. */
  readonly botId: BotId
  /** Makes a session. A given id that is taken is a `conflict`. */
  create(session?: NewSession): Promise<Result<Session, HiveError>>
  /** Reads a session. */
  get(sessionId: string): Promise<Result<Session, HiveError>>
  /** Reads a page of sessions, the newest activity first. */
  list(options?: SessionPageOptions): Promise<Result<SessionPage, HiveError>>
  /** Renames a session. */
  setTitle(sessionId: string, title: string): Promise<Result<Session, HiveError>>
  /** Deletes a session and all it holds: once this has settled well, its rows and its words in the index are gone. */
  delete(sessionId: string): Promise<Result<void, HiveError>>
  /** Reads a page of messages. A reply being written by this process is shown as it is at this moment. */
  messages(sessionId: string, options?: MessagePageOptions): Promise<Result<MessagePage, HiveError>>
  /** Reads one message. */
  message(sessionId: string, messageId: string): Promise<Result<Message, HiveError>>
  /** Stores one message at the end of a session. */
  append(sessionId: string, message: NewMessage): Promise<Result<Message, HiveError>>
  /** Stores a person's message (complete) and the bot's reply to come (pending), both or neither. */
  ask(sessionId: string, question: NewQuestion): Promise<Result<Asked, HiveError>>
  /** Replaces the parts of a message that is not being written, if it still has the version given; else a `conflict`. */
  edit(sessionId: string, messageId: string, edit: { readonly parts: readonly MessagePart[], readonly ifVersion: number }): Promise<Result<Message, HiveError>>
  /** Begins to write a pending reply. One that is not pending is a `conflict`. */
  openReply(sessionId: string, replyId: string): Promise<Result<ReplyWriter, HiveError>>
  /** Reads a session's own data, the host's notes about it. Default: an empty object. */
  getData(sessionId: string): Promise<Result<Readonly<Record<string, unknown>>, HiveError>>
  /** Replaces a session's own data: a small JSON object, such as the agent's name for this session or a draft. */
  setData(sessionId: string, data: Readonly<Record<string, unknown>>): Promise<Result<void, HiveError>>
  /**
   * Moves a session to cold storage: its text leaves the database for one compressed file, checked as it is written. It
   * is still listed, read, searched and exported; what would change a message of it is a `conflict`. One with an open
   * reply is a `conflict` too. A crash at any point leaves it in exactly one place.
   */
  archive(sessionId: string): Promise<Result<Session, HiveError>>
  /** Brings a session back from cold storage. */
  thaw(sessionId: string): Promise<Result<Session, HiveError>>
  /** Keeps a session from being deleted, or lets it go again: while it is held, deleting it is a `conflict`. */
  hold(sessionId: string, held: boolean): Promise<Result<Session, HiveError>>
  /**
   * Stores a file's bytes beside a session, so that a message can be given the answer among its attachments. It is on
   * the disk when this settles. The same bytes are kept once, whoever puts them; they go with the last session that
   * has them. Fails also as `too_large`, `unsupported` (a type that is not taken) and `cancelled`.
   */
  putAttachment(
    sessionId: string,
    source: AsyncIterable<Uint8Array> | Uint8Array,
    attachment: NewAttachment,
  ): Promise<Result<Attachment, HiveError>>
  /** Opens a session's attachment. */
  openAttachment(sessionId: string, attachmentId: string): Promise<Result<OpenedAttachment, HiveError>>
  /** Exports a session as JSON, Markdown, plain text, a zip bundle or PDF. */
  exportSession(sessionId: string, options: ExportOptions): Promise<Result<ExportedSession, HiveError>>
  /**
   * Restores an exported JSON document behind this door, its ids, order, times and attachments. The same again changes
   * nothing; an id that is taken by something else is a `conflict`; what its schema does not allow is an
   * `invalid_argument` that says where.
   */
  importSession(source: string | Uint8Array | AsyncIterable<Uint8Array>, options?: ImportOptions): Promise<Result<ImportedSession, HiveError>>
  /**
   * Searches all of these sessions, or one. Every string is a query: `word`, `"a phrase"`, `begin*`, `-without`,
   * `role:user`, `before:2026-11-24`, `after:2026-11`, `on:2026` (UTC), `has:attachment`. Case, accents and widths
   * are folded; scripts without spaces are found by any stretch. It runs on a thread of its own.
   */
  search(query: string, options?: SearchOptions): Promise<Result<SearchPage, HiveError>>
  /** Calls the listener after each change behind this door. Returns what stops it. */
  onEvent(listener: (event: StoreEvent) => void): () => void
}
