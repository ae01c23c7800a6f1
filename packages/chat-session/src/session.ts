import type { BotId, SessionId } from './ids.ts'

/** A conversation with one bot. */
export interface Session {
  /** Its id. */
  readonly id: SessionId
  /** The bot it belongs to, for ever. */
  readonly botId: BotId
  /** The user it belongs to, when its scope is a user and a bot. */
  readonly userId?: string
  /** What people see in a list; may be empty. */
  readonly title: string
  /** How many messages it holds, which is the last message's `seq`. */
  readonly messageCount: number
  /** When it was made, in epoch milliseconds. */
  readonly createdAt: number
  /** When something was last said or renamed in it, in epoch milliseconds. */
  readonly updatedAt: number
}
