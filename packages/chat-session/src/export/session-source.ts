import type { Message } from '../message.ts'
import type { Session } from '../session.ts'

/** What an export reads. */
export interface SessionSource {
  readonly session: Session
  /** The session's own data. */
  readonly data: Readonly<Record<string, unknown>>
  /** All messages in order, read as they are needed. */
  messages(): AsyncIterable<Message>
  /** An attachment's bytes; null where only its description is kept. */
  file(id: string): Promise<AsyncIterable<Uint8Array> | null>
}
