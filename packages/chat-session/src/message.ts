import type { MessageId, SessionId } from './ids.ts'

/** Who speaks: a person, the bot, or the host itself. */
export type MessageRole = 'user' | 'bot' | 'system'

/**
 * Where a message stands. `pending`: a reply not begun. `streaming`: a reply being written.
 * The others are final: `complete`, `failed` and `cancelled`; the text written so far is kept in each.
 */
export type MessageState = 'pending' | 'streaming' | 'complete' | 'failed' | 'cancelled'

/** Prose, in Markdown. */
export interface TextPart {
  /** Tells parts apart. */
  readonly type: 'text'
  /** The prose. */
  readonly text: string
}

/** Any other part: a JSON object that names its kind, such as a tool call or a plan. */
export interface OtherPart {
  /** What kind of part it is. */
  readonly type: string
  /** Tells parts of one message apart; {@link ReplyWriter.setPart} finds a part by it. */
  readonly id?: string
  /** Whatever the kind needs, as JSON. */
  readonly [key: string]: unknown
}

/** One piece of a message, in the order it is shown. */
export type MessagePart = TextPart | OtherPart

/** What is known of a file that goes with a message. Its bytes live elsewhere. */
export interface Attachment {
  /** Names the file within its message's bot. */
  readonly id: string
  /** The name to show. It comes from outside: never use it as a path. */
  readonly name: string
  /** The IANA media type it was given. It comes from outside. */
  readonly mediaType: string
  /** Its size in bytes. */
  readonly bytes: number
  /** The SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly sha256?: string
}

/** Why a message failed or was cancelled. */
export interface MessageError {
  /** One of the codes of `@hivekit/errors`. */
  readonly code: string
  /** What happened, for a person. */
  readonly message: string
}

/** One message of a session. */
export interface Message {
  /** Its id. */
  readonly id: MessageId
  /** The session it belongs to, for ever. */
  readonly sessionId: SessionId
  /** Its place in the session, from 1, without gaps. */
  readonly seq: number
  /** Who speaks. */
  readonly role: MessageRole
  /** What is said, in order. */
  readonly parts: readonly MessagePart[]
  /** The files that go with it. */
  readonly attachments: readonly Attachment[]
  /** Where it stands. */
  readonly state: MessageState
  /** Why it failed or was cancelled. */
  readonly error?: MessageError
  /** Counts its edits, from 1. */
  readonly version: number
  /** When it was stored, in epoch milliseconds. */
  readonly createdAt: number
  /** When it last changed, in epoch milliseconds. */
  readonly updatedAt: number
}

/** A message's prose: its text parts, joined by blank lines. */
export const textOf = ({ parts }: Pick<Message, 'parts'>): string => {
  let text = ''
  for (const part of parts) {
    if (part.type === 'text' && typeof part.text === 'string') text += (text === '' ? '' : '\n\n') + part.text
  }
  return text
}
