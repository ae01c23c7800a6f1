import { growConversation, mergeMessages } from './merge-messages.ts'
import type { Bot, HiveEvent, Message, Session, View } from './view.ts'

const without = <T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> => {
  if (!(key in record)) return record
  const { [key]: _gone, ...rest } = record
  return rest
}

/** A bot as it now is. Nobody is further back in its queue than the queue is long. */
export const withBot = (view: View, bot: Bot): View => {
  const known = bot.id in view.bots
  return {
    ...view,
    bots: { ...view.bots, [bot.id]: bot },
    botList: known ? view.botList : { ...view.botList, ids: [...view.botList.ids, bot.id] },
  }
}

/** A session as it now is, in its place among those of its bot: newest first. */
export const withSession = (view: View, session: Session): View => {
  const sessions = { ...view.sessions, [session.id]: session }
  const list = view.sessionLists[session.botId]
  if (!list) return { ...view, sessions }
  const ids = list.ids.includes(session.id) ? list.ids : [session.id, ...list.ids]
  const sorted = ids.toSorted((a, b) => (sessions[b]?.updatedAt ?? 0) - (sessions[a]?.updatedAt ?? 0))
  const same = sorted.length === list.ids.length && sorted.every((id, i) => id === list.ids[i])
  return {
    ...view,
    sessions,
    sessionLists: same ? view.sessionLists : { ...view.sessionLists, [session.botId]: { ...list, ids: sorted } },
  }
}

/** Forgets a session and all that belongs to it. */
export const withoutSession = (view: View, sessionId: string, botId: string): View => {
  const list = view.sessionLists[botId]
  return {
    ...view,
    sessions: without(view.sessions, sessionId),
    conversations: without(view.conversations, sessionId),
    unread: without(view.unread, sessionId),
    outbox: view.outbox.filter(outgoing => outgoing.sessionId !== sessionId),
    sessionLists: list
      ? { ...view.sessionLists, [botId]: { ...list, ids: list.ids.filter(id => id !== sessionId) } }
      : view.sessionLists,
  }
}

/** Whether a person is looking at this session now. */
export const isSeen = (view: View, sessionId: string) => view.visible && view.place.sessionId === sessionId

const withUnread = (view: View, botId: string, message: Message): View => {
  const ended = message.state === 'complete' || message.state === 'failed'
  if (message.role !== 'bot' || !ended || isSeen(view, message.sessionId)) return view
  const messageIds = view.unread[message.sessionId]?.messageIds ?? []
  if (messageIds.includes(message.id)) return view
  return { ...view, unread: { ...view.unread, [message.sessionId]: { botId, messageIds: [...messageIds, message.id] } } }
}

const withMessage = (view: View, botId: string, message: Message): View => {
  const conversation = view.conversations[message.sessionId]
  const marked = withUnread(view, botId, message)
  const ahead = message.state === 'pending' ? marked.ahead : without(marked.ahead, message.id)
  const outbox = marked.outbox.some(outgoing => outgoing.messageId === message.id)
    ? marked.outbox.filter(outgoing => outgoing.messageId !== message.id)
    : marked.outbox
  if (!conversation) return { ...marked, ahead, outbox }
  const oldest = conversation.messages[0]?.seq ?? 0
  if (conversation.older && message.seq < oldest) return { ...marked, ahead, outbox }
  // What the stream says last is so: it is in order, and a whole message replaces what deltas had built.
  const index = conversation.messages.findLastIndex(known => known.id === message.id)
  const messages = index < 0
    ? mergeMessages(conversation.messages, [message])
    : conversation.messages.with(index, message)
  const newest = conversation.messages.at(-1)?.seq ?? message.seq - 1
  const stale = conversation.stale || (conversation.state === 'ready' && message.seq > newest + 1)
  const early = conversation.early.some(delta => delta.messageId === message.id)
    ? conversation.early.filter(delta => delta.messageId !== message.id)
    : conversation.early
  return {
    ...marked,
    ahead,
    outbox,
    conversations: { ...view.conversations, [message.sessionId]: { ...conversation, messages, stale, early } },
  }
}

/** What the page knows after one event of the stream. A `reset` is for whoever reads: it changes nothing known. */
export const applyEvent = (view: View, event: HiveEvent): View => {
  switch (event.type) {
    case 'bot':
      return withBot(view, event.bot)
    case 'session':
      return withSession(view, event.session)
    case 'session-deleted':
      return withoutSession(view, event.sessionId, event.botId)
    case 'message':
      return withMessage(view, event.botId, event.message)
    case 'delta': {
      const conversation = view.conversations[event.sessionId]
      if (!conversation) return view
      const grown = growConversation(conversation, event)
      return grown === conversation
        ? view
        : { ...view, conversations: { ...view.conversations, [event.sessionId]: grown } }
    }
    case 'hive':
      return { ...view, draining: event.state === 'draining' }
    case 'reset':
      return view
    default:
      return view // an event that this page is too old to know
  }
}
