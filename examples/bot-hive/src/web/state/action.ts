import type { Problem } from '../server/problem.ts'
import type { Bot, Connection, HiveEvent, Message, Outgoing, Place, Session, Unread } from './view.ts'

/** Everything that can change what the page knows. */
export type Action =
  | { readonly type: 'event'; readonly event: HiveEvent }
  | { readonly type: 'connection'; readonly connection: Connection }
  | { readonly type: 'signed-out' }
  | { readonly type: 'signed-in' }
  | { readonly type: 'place'; readonly place: Place }
  | { readonly type: 'visible'; readonly visible: boolean }
  | { readonly type: 'bots-read'; readonly bots: readonly Bot[] }
  | { readonly type: 'bots-failed'; readonly problem: Problem }
  | { readonly type: 'sessions-asked'; readonly botId: string }
  | {
      readonly type: 'sessions-read'
      readonly botId: string
      readonly sessions: readonly Session[]
      readonly next?: string | undefined
      /** Whether this is a further page and not the first. */
      readonly more: boolean
    }
  | { readonly type: 'sessions-failed'; readonly botId: string; readonly problem: Problem }
  | { readonly type: 'session-read'; readonly session: Session }
  | { readonly type: 'messages-asked'; readonly sessionId: string }
  | {
      readonly type: 'messages-read'
      readonly sessionId: string
      readonly messages: readonly Message[]
      readonly older?: string | undefined
    }
  | { readonly type: 'older-asked'; readonly sessionId: string }
  | {
      readonly type: 'older-read'
      readonly sessionId: string
      readonly messages: readonly Message[]
      readonly older?: string | undefined
    }
  | { readonly type: 'messages-failed'; readonly sessionId: string; readonly problem: Problem }
  | { readonly type: 'sending'; readonly outgoing: Outgoing }
  | { readonly type: 'sent'; readonly key: string; readonly messageId: string; readonly replyId: string; readonly ahead: number }
  | { readonly type: 'unsent'; readonly key: string; readonly problem: Problem; readonly waiting: boolean }
  | { readonly type: 'discarded'; readonly key: string }
  | { readonly type: 'restored'; readonly outbox: readonly Outgoing[]; readonly unread: Readonly<Record<string, Unread>> }
