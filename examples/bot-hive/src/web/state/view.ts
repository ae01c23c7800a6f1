import type { Bot, HiveEvent, Message, MessagePart, Session } from '../../hive/model.ts'
import type { Problem } from '../server/problem.ts'

export type { Bot, HiveEvent, Message, MessagePart, Session }
export type Delta = Extract<HiveEvent, { type: 'delta' }>

/** What is known of the way to the hive. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly retryAt: number }

export interface Loading {
  readonly state: 'loading' | 'ready' | 'failed'
  /** Why it failed. */
  readonly problem?: Problem | undefined
}

export interface BotList extends Loading {
  readonly ids: readonly string[]
}

/** The sessions of one bot that were read so far, newest first. */
export interface SessionList extends Loading {
  readonly ids: readonly string[]
  /** The place of the next page, when there is one. */
  readonly next?: string | undefined
}

/** The part of a session that was read: always its newest messages, in order of `seq`. */
export interface Conversation extends Loading {
  readonly messages: readonly Message[]
  /** The place of the older page, when there is one. */
  readonly older?: string | undefined
  readonly loadingOlder: boolean
  /** Deltas that came before what they belong to; applied once that is read. */
  readonly early: readonly Delta[]
  /** Something was missed: read the newest page again. */
  readonly stale: boolean
}

/** A message on its way to the hive. Its key makes sending it twice store it once. */
export interface Outgoing {
  readonly key: string
  readonly sessionId: string
  readonly text: string
  readonly state: 'sending' | 'waiting' | 'refused'
  readonly createdAt: number
  /** The newest message of the session when it was sent: its own comes after. */
  readonly afterSeq: number
  /** What the hive calls it, once it has it. */
  readonly messageId?: string | undefined
  readonly problem?: Problem | undefined
}

/** The place that is open. `fresh` is a session that will be made by its first message. */
export interface Place {
  readonly botId?: string | undefined
  readonly sessionId?: string | undefined
  readonly fresh?: boolean | undefined
}

/** Everything the page knows. All of it but the outbox and the unread marks can be read from the hive anew. */
export interface View {
  readonly signedOut: boolean
  readonly draining: boolean
  readonly connection: Connection
  readonly place: Place
  /** Whether a person can see the page. */
  readonly visible: boolean
  readonly bots: Readonly<Record<string, Bot>>
  readonly botList: BotList
  readonly sessions: Readonly<Record<string, Session>>
  readonly sessionLists: Readonly<Record<string, SessionList>>
  readonly conversations: Readonly<Record<string, Conversation>>
  readonly outbox: readonly Outgoing[]
  /** How many messages were before a reply when it was asked for, by the reply's id. */
  readonly ahead: Readonly<Record<string, number>>
  /** Replies that ended unseen, by session. */
  readonly unread: Readonly<Record<string, Unread>>
}

export interface Unread {
  readonly botId: string
  readonly messageIds: readonly string[]
}

export const emptyView: View = {
  signedOut: false,
  draining: false,
  connection: { state: 'connecting' },
  place: {},
  visible: true,
  bots: {},
  botList: { state: 'loading', ids: [] },
  sessions: {},
  sessionLists: {},
  conversations: {},
  outbox: [],
  ahead: {},
  unread: {},
}

export const emptyConversation: Conversation = {
  state: 'loading', messages: [], loadingOlder: false, early: [], stale: false,
}
