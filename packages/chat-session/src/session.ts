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
  /** `archived` sessions are in cold storage: read and searched as ever, changed only once thawed. */
  readonly tier: 'active' | 'archived'
  /** Whether it is kept from being deleted, by anyone or any rule. */
  readonly held: boolean
  /** When it was made, in epoch milliseconds. */
  readonly createdAt: number
  /** When something was last said or renamed in it, in epoch milliseconds. */
  readonly updatedAt: number
}
