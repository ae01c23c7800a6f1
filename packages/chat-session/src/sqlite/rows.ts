import type { ColdParts } from '../archive/archive-file.ts'
import type { Attachment, Message, MessageError } from '../message.ts'
import { decodeParts } from '../parts-json.ts'
import type { BotId, MessageId, SessionId } from '../ids.ts'
import { bytesToUuid } from '../ids.ts'
import type { Session } from '../session.ts'
import { roles, states } from './codes.ts'

/** The columns that {@link toSession} reads. */
export const sessionColumns = 's.id, c.bot, c.user, s.title, s.message_count, s.created_at, s.updated_at, s.archived, s.held'

/** A row of {@link sessionColumns}. */
export interface SessionRow {
  readonly id: Uint8Array
  readonly bot: string
  readonly user: string
  readonly title: string
  readonly message_count: number
  readonly created_at: number
  readonly updated_at: number
  readonly archived: number | null
  readonly held: number
}

/** Reads a session from its row. */
export const toSession = (row: SessionRow): Session => ({
  id: bytesToUuid(row.id) as SessionId,
  botId: row.bot as BotId,
  ...(row.user === '' ? {} : { userId: row.user }),
  title: row.title,
  messageCount: row.message_count,
  tier: row.archived === null ? 'active' : 'archived',
  held: row.held !== 0,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The columns that {@link toMessage} reads. */
export const messageColumns =
  'm.id, m.seq, m.role, m.state, m.version, m.created_at, m.changed_after_ms, m.attachments, m.error, m.parts'

/** A row of {@link messageColumns}. */
export interface MessageRow {
  readonly id: Uint8Array
  readonly seq: number
  readonly role: number
  readonly state: number
  readonly version: number
  readonly created_at: number
  readonly changed_after_ms: number
  readonly attachments: string | null
  readonly error: string | null
  /** Null where the session is archived. */
  readonly parts: string | null
}

/** Reads a message from its row. */
export const toMessage = (row: MessageRow, sessionId: string, cold: ColdParts): Message => ({
  id: bytesToUuid(row.id) as MessageId,
  sessionId: sessionId as SessionId,
  seq: row.seq,
  role: roles[row.role]!,
  parts: row.parts === null ? cold(sessionId, row.seq) : decodeParts(row.parts),
  attachments: row.attachments === null ? [] : (JSON.parse(row.attachments) as Attachment[]),
  state: states[row.state]!,
  ...(row.error === null ? {} : { error: JSON.parse(row.error) as MessageError }),
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.created_at + row.changed_after_ms,
})
