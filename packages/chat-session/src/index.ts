export type { RetentionFailure, RetentionPolicy, RetentionReport } from './archive/apply-retention.ts'
export type { NewAttachment, OpenedAttachment } from './attachments/session-files.ts'
export type {
  Asked, BotSessions, MessagePage, MessagePageOptions, NewMessage, NewQuestion, NewSession, SessionPage, SessionPageOptions,
} from './bot-sessions.ts'
export type { SessionStoreOptions } from './create-session-store.ts'
export type { ExportedSession, ExportFormat, ExportOptions, ExportProgress } from './export/export-options.ts'
export type { ImportedSession, ImportOptions } from './export/import-session.ts'
export { sessionExportSchema } from './export/session-export-schema.ts'
export type { BotId, Branded, MessageId, SessionId } from './ids.ts'
export { defaultLimits, type SessionLimits } from './limits.ts'
export {
  textOf, type Attachment, type Message, type MessageError, type MessagePart, type MessageRole, type MessageState, type OtherPart,
  type TextPart,
} from './message.ts'
export { openSessionStore, type OpenSessionStoreOptions } from './open-session-store.ts'
export type { ReplyEnd, ReplyWriter } from './reply-writer.ts'
export type { SearchHit, SearchOptions, SearchPage } from './search.ts'
export type { SnippetPart } from './search/snippet.ts'
export type { IntegrityReport, RecoveredMessage, Recovery, ScopeOptions, SessionScope, SessionStore, StoreSnapshot } from './session-store.ts'
export type { Session } from './session.ts'
export type { StoreEvent } from './store-event.ts'
