import type { BotId, SessionId } from './ids.ts'
import type { Message } from './message.ts'
import type { Session } from './session.ts'

/** Something that has changed, and is on the disk. Each carries the whole thing as it now is. */
export type StoreEvent =
  | {
      /** A session was made, or its title changed. */
      readonly type: 'session'
      /** Whose it is. */
      readonly botId: BotId
      /** The session as it now is. */
      readonly session: Session
    }
  | {
      /** A session is gone. */
      readonly type: 'session-deleted'
      /** Whose it was. */
      readonly botId: BotId
      /** Its id. */
      readonly sessionId: SessionId
    }
  | {
      /** A message was stored, begun, edited or finished. Text as it streams makes no event. */
      readonly type: 'message'
      /** Whose it is. */
      readonly botId: BotId
      /** The message as it now is. */
      readonly message: Message
    }
