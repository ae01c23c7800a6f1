import type { ErrorCode, HiveError, Result } from '@hivekit/errors'
import type { Attachment, Message, MessageError, MessageRole, MessageState } from './message.ts'
import type { Session } from './session.ts'
import type { IntegrityReport, RecoveredMessage } from './session-store.ts'
import type { FoundPage, SearchRequest } from './sqlite/search.ts'

/** Whose sessions: a bot's, or one user's with a bot. An empty user is none. */
export interface Scope {
  readonly bot: string
  readonly user: string
}

/** A message to be stored; its parts and attachments are JSON already. */
export interface MessageDraft {
  readonly id: string
  readonly role: MessageRole
  readonly state: MessageState
  readonly parts: string
  readonly attachments: string | null
}

/** An attachment whose bytes are kept. */
export interface StoredAttachment extends Attachment {
  readonly sha256: string
}

/** A message with its past. */
export interface ImportedMessage extends MessageDraft {
  readonly version: number
  readonly error: string | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** Every change a store knows, as data: it crosses to the thread that writes. */
export type WriteOp =
  | { readonly kind: 'create', readonly scope: Scope, readonly id: string, readonly title: string, readonly at: number }
  | { readonly kind: 'title', readonly scope: Scope, readonly session: string, readonly title: string, readonly at: number }
  | { readonly kind: 'data', readonly scope: Scope, readonly session: string, readonly data: string }
  | { readonly kind: 'delete', readonly scope: Scope, readonly session: string }
  | {
      readonly kind: 'add'
      readonly scope: Scope
      readonly session: string
      readonly messages: readonly MessageDraft[]
      readonly idempotency: { readonly key: string, readonly digest: string } | null
      readonly at: number
    }
  | { readonly kind: 'open', readonly scope: Scope, readonly session: string, readonly message: string, readonly at: number }
  | {
      readonly kind: 'save'
      readonly scope: Scope
      readonly session: string
      readonly message: string
      readonly state: MessageState
      readonly parts: string
      readonly error: MessageError | null
      readonly at: number
    }
  | {
      readonly kind: 'edit'
      readonly scope: Scope
      readonly session: string
      readonly message: string
      readonly parts: string
      readonly ifVersion: number
      readonly at: number
    }
  | { readonly kind: 'attach', readonly scope: Scope, readonly session: string, readonly attachment: StoredAttachment, readonly at: number }
  | {
      readonly kind: 'import'
      readonly scope: Scope
      readonly session: { readonly id: string, readonly title: string, readonly data: string, readonly createdAt: number, readonly updatedAt: number }
      readonly messages: readonly ImportedMessage[]
      readonly files: readonly StoredAttachment[]
      readonly at: number
    }
  | {
      readonly kind: 'archive'
      readonly scope: Scope
      readonly session: string
      readonly messages: number
      /** The sum of the messages' versions, which tells whether one was edited since they were read. */
      readonly versions: number
      readonly bytes: number
    }
  | { readonly kind: 'thaw', readonly scope: Scope, readonly session: string, readonly parts: readonly string[] }
  | { readonly kind: 'hold', readonly scope: Scope, readonly session: string, readonly held: boolean }
  | { readonly kind: 'recover', readonly at: number }
  | { readonly kind: 'purge', readonly most: number }
  | { readonly kind: 'index', readonly most: number }
  | { readonly kind: 'probe', readonly at: number }

/** What each change answers. */
export interface WriteValues {
  create: null
  title: null
  data: null
  delete: null
  /** The `seq` of the first message; repeated when the idempotency key was known. */
  add: { readonly firstSeq: number, readonly repeated: boolean }
  open: null
  save: null
  edit: null
  attach: null
  archive: null
  thaw: null
  hold: null
  import: null
  /** The row numbers of the replies that failed. */
  recover: { readonly failed: readonly number[] }
  /** How many sessions are still being deleted, and the files that nobody has any more. */
  purge: { readonly left: number, readonly files: readonly string[] }
  /** How many messages still wait for the index. */
  index: { readonly left: number }
  probe: null
}

/** A change of one kind. */
export type WriteOpOf<K extends WriteOp['kind']> = Extract<WriteOp, { readonly kind: K }>

/** A failure as it crosses threads. */
export interface WriteFailure {
  readonly code: ErrorCode
  readonly message: string
}

/** Which page of messages, checked. */
interface MessageRange {
  readonly limit: number
  readonly before?: number
  readonly after?: number
}

/** Counts for a snapshot. */
interface EngineCounters {
  readonly sessions: number
  readonly messages: number
  readonly queuedWrites: number
  readonly commits: number
  readonly writes: number
  readonly lastCommitMs: number
}

/** What keeps the rows. The store in front of it checks arguments, limits and states; it sees to scopes and durability. */
export interface Engine extends AsyncDisposable {
  readonly name: 'sqlite' | 'postgres'
  write<K extends WriteOp['kind']>(op: WriteOpOf<K>): Promise<Result<WriteValues[K], HiveError>>
  session(scope: Scope, session: string): Promise<Result<Session, HiveError>>
  /** One more than the limit, where there are more. `after` is the last session of the page before. */
  sessions(scope: Scope, limit: number, after: { readonly updatedAt: number, readonly id: string } | undefined): Promise<Result<readonly Session[], HiveError>>
  data(scope: Scope, session: string): Promise<Result<string, HiveError>>
  /** In order of `seq`; one more than the limit, on the far side, where there are more. */
  messages(scope: Scope, session: string, range: MessageRange): Promise<Result<readonly Message[], HiveError>>
  message(scope: Scope, session: string, message: string): Promise<Result<Message, HiveError>>
  attachment(scope: Scope, session: string, attachment: string): Promise<Result<StoredAttachment, HiveError>>
  /** Whether any session has a file of this content. */
  isFileUsed(sha256: string): Promise<Result<boolean, HiveError>>
  scopeOf(session: string): Promise<Result<Scope, HiveError>>
  /** Sessions without activity since a time, none of them held; the longest idle first. */
  idleSessions(before: number, tier: Session['tier'], limit: number): Promise<Result<readonly Session[], HiveError>>
  /** Replies that are pending, and those of the given row numbers. */
  recovered(failed: readonly number[]): Promise<Result<{ readonly failed: readonly RecoveredMessage[], readonly pending: readonly RecoveredMessage[] }, HiveError>>
  /** Searches what is acknowledged by now. */
  search(request: SearchRequest, signal?: AbortSignal): Promise<Result<FoundPage, HiveError>>
  checkIntegrity(): Promise<Result<IntegrityReport, HiveError>>
  counters(): EngineCounters
}
