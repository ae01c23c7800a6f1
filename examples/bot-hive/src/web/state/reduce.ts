import type { Action } from './action.ts'
import { applyEvent, withBot, withSession } from './apply-event.ts'
import { mergeMessages, settleEarly } from './merge-messages.ts'
import { emptyConversation, type Conversation, type Outgoing, type Session, type SessionList, type View } from './view.ts'

const emptyList: SessionList = { state: 'loading', ids: [] }

const withList = (view: View, botId: string, change: (list: SessionList) => SessionList): View => ({
  ...view,
  sessionLists: { ...view.sessionLists, [botId]: change(view.sessionLists[botId] ?? emptyList) },
})

const withConversation = (view: View, sessionId: string, change: (known: Conversation) => Conversation): View => ({
  ...view,
  conversations: { ...view.conversations, [sessionId]: change(view.conversations[sessionId] ?? emptyConversation) },
})

const withOutgoing = (view: View, key: string, change: Partial<Outgoing>): View => ({
  ...view,
  outbox: view.outbox.map(outgoing => (outgoing.key === key ? { ...outgoing, ...change } : outgoing)),
})

const readSessions = (view: View, sessions: readonly Session[]) => {
  const known = { ...view.sessions }
  for (const session of sessions) known[session.id] = session
  return known
}

/** Drops what was sent and is now part of what was read. */
const withoutDelivered = (view: View, sessionId: string): View => {
  const ids = new Set(view.conversations[sessionId]?.messages.map(message => message.id))
  const outbox = view.outbox.filter(outgoing => !outgoing.messageId || !ids.has(outgoing.messageId))
  return outbox.length === view.outbox.length ? view : { ...view, outbox }
}

const markSeen = (view: View): View => {
  const seen = view.visible ? view.place.sessionId : undefined
  if (!seen || !(seen in view.unread)) return view
  const { [seen]: _seen, ...unread } = view.unread
  return { ...view, unread }
}

/** What the page knows after an action. Pure: the same view and action give the same view. */
export const reduce = (view: View, action: Action): View => {
  switch (action.type) {
    case 'event':
      return applyEvent(view, action.event)
    case 'connection':
      return { ...view, connection: action.connection }
    case 'signed-out':
      return { ...view, signedOut: true }
    case 'signed-in':
      return { ...view, signedOut: false, connection: { state: 'connecting' } }
    case 'place':
      return markSeen({ ...view, place: action.place })
    case 'visible':
      return markSeen({ ...view, visible: action.visible })

    case 'bots-read': {
      const emptied: View = { ...view, bots: {}, botList: { state: 'ready', ids: [] } }
      return action.bots.reduce(withBot, emptied)
    }
    case 'bots-failed':
      return { ...view, botList: { ...view.botList, state: 'failed', problem: action.problem } }

    case 'sessions-asked':
      return withList(view, action.botId, list => ({ ...list, state: 'loading', problem: undefined }))
    case 'sessions-read': {
      const ids = action.sessions.map(session => session.id)
      const listed = withList(view, action.botId, list => ({
        state: 'ready',
        ids: action.more ? [...new Set([...list.ids, ...ids])] : ids,
        next: action.next,
      }))
      return { ...listed, sessions: readSessions(listed, action.sessions) }
    }
    case 'sessions-failed':
      return withList(view, action.botId, list => ({ ...list, state: 'failed', problem: action.problem }))
    case 'session-read':
      return withSession(view, action.session)

    case 'messages-asked':
      return withConversation(view, action.sessionId, known => ({ ...known, state: 'loading', problem: undefined }))
    case 'messages-read': {
      const read = withConversation(view, action.sessionId, known => {
        const first = action.messages[0]?.seq ?? 1
        const newest = known.messages.at(-1)?.seq ?? 0
        // A page that does not reach back to what is known leaves a gap: begin from the page again.
        const joined = newest >= first - 1
        const messages = mergeMessages(joined ? known.messages : known.messages.filter(m => m.seq > first), action.messages)
        const older = joined && known.messages.length > 0 && (known.messages[0]?.seq ?? 0) < first ? known.older : action.older
        return settleEarly({ ...known, state: 'ready', problem: undefined, messages, older })
      })
      return withoutDelivered(read, action.sessionId)
    }
    case 'older-asked':
      return withConversation(view, action.sessionId, known => ({ ...known, loadingOlder: true }))
    case 'older-read':
      return withConversation(view, action.sessionId, known => ({
        ...known,
        loadingOlder: false,
        problem: undefined,
        messages: mergeMessages(known.messages, action.messages),
        older: action.older,
      }))
    case 'messages-failed':
      return withConversation(view, action.sessionId, known => ({
        ...known,
        state: known.messages.length > 0 ? 'ready' : 'failed',
        loadingOlder: false,
        problem: action.problem,
      }))

    case 'sending': {
      const known = view.outbox.some(outgoing => outgoing.key === action.outgoing.key)
      return known
        ? withOutgoing(view, action.outgoing.key, action.outgoing)
        : { ...view, outbox: [...view.outbox, action.outgoing] }
    }
    case 'sent': {
      const outgoing = view.outbox.find(sent => sent.key === action.key)
      const marked = withOutgoing(
        { ...view, ahead: { ...view.ahead, [action.replyId]: action.ahead } },
        action.key,
        { messageId: action.messageId, problem: undefined },
      )
      return outgoing ? withoutDelivered(marked, outgoing.sessionId) : marked
    }
    case 'unsent':
      return withOutgoing(view, action.key, { state: action.waiting ? 'waiting' : 'refused', problem: action.problem })
    case 'discarded':
      return { ...view, outbox: view.outbox.filter(outgoing => outgoing.key !== action.key) }
    case 'restored':
      return { ...view, outbox: [...action.outbox, ...view.outbox], unread: { ...action.unread, ...view.unread } }
  }
}
