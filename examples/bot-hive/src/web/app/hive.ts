import { createHiveClient } from '../../client/client.ts'
import { openEventStream, type EventStream } from '../server/event-stream.ts'
import { outcomeOf, type Outcome } from '../server/outcome.ts'
import { readKept } from '../state/kept.ts'
import type { Keep } from '../state/keep.ts'
import type { Store } from '../state/store.ts'
import type { Bot, Outgoing, Session } from '../state/view.ts'

type Page<T> = { readonly items: readonly T[]; readonly next?: string }
export type BotCall = 'launch' | 'stop' | 'restart' | 'pause' | 'resume'

/** What the page can ask of the hive. What comes of it is in the view; calls that a form waits for also answer. */
export interface Hive {
  readonly start: () => void
  readonly close: () => void
  readonly retryNow: () => void
  readonly signIn: (token: string) => Promise<Outcome<unknown>>
  readonly readBots: () => Promise<void>
  readonly readSessions: (botId: string, cursor?: string) => Promise<void>
  readonly readConversation: (sessionId: string) => Promise<void>
  readonly readOlder: (sessionId: string) => Promise<void>
  readonly command: (botId: string, call: BotCall) => Promise<Outcome<Bot>>
  readonly readLog: (botId: string) => Promise<Outcome<Page<{ at: number; stream: string; text: string }>>>
  readonly createSession: (botId: string, title?: string) => Promise<Outcome<Session>>
  readonly renameSession: (sessionId: string, title: string) => Promise<Outcome<Session>>
  readonly deleteSession: (session: Session) => Promise<Outcome<unknown>>
  readonly send: (sessionId: string, text: string) => void
  /** Sends again what was not accepted: the same message, never twice. */
  readonly sendAgain: (key: string) => void
  readonly discard: (key: string) => void
  readonly cancel: (sessionId: string) => Promise<Outcome<{ cancelled: number }>>
  readonly answer: (sessionId: string, questionId: string, optionId: string) => Promise<Outcome<unknown>>
}

/** Where a session is, in the words of the client. */
const at = (sessionId: string) => ({ path: { sessionId } })

export const createHive = (store: Store, keep: Keep): Hive => {
  let stream: EventStream | undefined
  const { dispatch, getView } = store

  const client = createHiveClient()

  const call = async <T>(answer: Parameters<typeof outcomeOf<T>>[0]): Promise<Outcome<T>> => {
    const outcome = await outcomeOf(answer)
    if (!outcome.ok && outcome.problem.status === 401) signOut()
    return outcome
  }

  const signOut = () => {
    stream?.close()
    stream = undefined
    if (!getView().signedOut) dispatch({ type: 'signed-out' })
  }

  const open = () => {
    stream?.close()
    stream = openEventStream({
      url: '/api/events',
      onEvent: event => {
        dispatch({ type: 'event', event })
        if (event.type === 'reset') readAll()
        if (event.type === 'message' || event.type === 'delta') refill()
      },
      onLive: again => {
        dispatch({ type: 'connection', connection: { state: 'live' } })
        if (again || getView().botList.state === 'failed') readAll()
        for (const outgoing of getView().outbox) if (outgoing.state === 'waiting') void deliver(outgoing)
      },
      onLost: retryAt => dispatch({ type: 'connection', connection: { state: 'lost', retryAt } }),
      onSignedOut: signOut,
    })
  }

  /** Everything shown, from the beginning. */
  const readAll = () => {
    const { botId, sessionId } = getView().place
    void hive.readBots()
    if (botId) void hive.readSessions(botId)
    if (sessionId) void hive.readConversation(sessionId)
  }

  /** Reads again what a gap in the stream left stale; never twice at once. */
  const refill = () => {
    for (const [sessionId, conversation] of Object.entries(getView().conversations)) {
      if (conversation.stale && conversation.state !== 'loading') void hive.readConversation(sessionId)
    }
  }

  const deliver = async (outgoing: Outgoing) => {
    dispatch({ type: 'sending', outgoing: { ...outgoing, state: 'sending', problem: undefined } })
    const outcome = await call(client.POST('/api/sessions/{sessionId}/messages', {
      params: { ...at(outgoing.sessionId), header: { 'idempotency-key': outgoing.key } },
      body: { text: outgoing.text },
    }))
    if (outcome.ok) return dispatch({ type: 'sent', key: outgoing.key, ...outcome.value })
    const { problem } = outcome
    const waiting = problem.status === 0 || problem.status === 401 || problem.retryAfterMs !== undefined
    dispatch({ type: 'unsent', key: outgoing.key, problem, waiting })
    // When the stream is lost too, it is sent as soon as that is back; else by itself.
    if (!waiting || getView().connection.state !== 'live') return
    setTimeout(() => {
      const still = getView().outbox.find(other => other.key === outgoing.key)
      if (still?.state === 'waiting') void deliver(still)
    }, problem.retryAfterMs ?? 2_000)
  }

  store.onAction((_action, before, after) => {
    if (before.outbox !== after.outbox) keep.set('outbox', after.outbox)
    if (before.unread !== after.unread) keep.set('unread', after.unread)
  })

  const hive: Hive = {
    start: () => {
      dispatch({ type: 'restored', ...readKept(keep) })
      // What was on its way when the page went may or may not have come: the key makes asking again harmless.
      for (const outgoing of getView().outbox) {
        if (outgoing.state !== 'refused') dispatch({ type: 'sending', outgoing: { ...outgoing, state: 'waiting' } })
      }
      void hive.readBots()
      open()
    },
    close: () => stream?.close(),
    retryNow: () => stream?.retryNow(),
    signIn: async token => {
      const outcome = await outcomeOf<unknown>(client.POST('/api/sign-in', { body: { token } }))
      if (outcome.ok) {
        dispatch({ type: 'signed-in' })
        readAll()
        open()
      }
      return outcome
    },

    readBots: async () => {
      const outcome = await call(client.GET('/api/bots'))
      dispatch(outcome.ok
        ? { type: 'bots-read', bots: outcome.value.items }
        : { type: 'bots-failed', problem: outcome.problem })
    },
    readSessions: async (botId, cursor) => {
      if (!cursor) dispatch({ type: 'sessions-asked', botId })
      const outcome = await call(client.GET('/api/bots/{botId}/sessions', { params: { path: { botId }, query: cursor ? { cursor } : {} } }))
      dispatch(outcome.ok
        ? { type: 'sessions-read', botId, sessions: outcome.value.items, next: outcome.value.next, more: Boolean(cursor) }
        : { type: 'sessions-failed', botId, problem: outcome.problem })
    },
    readConversation: async sessionId => {
      dispatch({ type: 'messages-asked', sessionId })
      const [messages, session] = await Promise.all([
        call(client.GET('/api/sessions/{sessionId}/messages', { params: at(sessionId) })),
        getView().sessions[sessionId] ? undefined : call(client.GET('/api/sessions/{sessionId}', { params: at(sessionId) })),
      ])
      if (session?.ok) dispatch({ type: 'session-read', session: session.value })
      dispatch(messages.ok
        ? { type: 'messages-read', sessionId, messages: messages.value.items, older: messages.value.next }
        : { type: 'messages-failed', sessionId, problem: messages.problem })
    },
    readOlder: async sessionId => {
      const conversation = getView().conversations[sessionId]
      if (!conversation?.older || conversation.loadingOlder) return
      dispatch({ type: 'older-asked', sessionId })
      const outcome = await call(client.GET('/api/sessions/{sessionId}/messages', {
        params: { ...at(sessionId), query: { before: Number(conversation.older) } },
      }))
      dispatch(outcome.ok
        ? { type: 'older-read', sessionId, messages: outcome.value.items, older: outcome.value.next }
        : { type: 'messages-failed', sessionId, problem: outcome.problem })
    },

    command: async (botId, name) => {
      const outcome = await call(client.POST(`/api/bots/{botId}/${name}`, { params: { path: { botId } } }))
      if (outcome.ok) dispatch({ type: 'event', event: { type: 'bot', bot: outcome.value } })
      return outcome
    },
    readLog: botId => call(client.GET('/api/bots/{botId}/log', { params: { path: { botId } } })),

    createSession: async (botId, title) => {
      const outcome = await call(client.POST('/api/bots/{botId}/sessions', { params: { path: { botId } }, body: title ? { title } : {} }))
      if (outcome.ok) dispatch({ type: 'session-read', session: outcome.value })
      return outcome
    },
    renameSession: async (sessionId, title) => {
      const outcome = await call(client.PATCH('/api/sessions/{sessionId}', { params: at(sessionId), body: { title } }))
      if (outcome.ok) dispatch({ type: 'session-read', session: outcome.value })
      return outcome
    },
    deleteSession: async session => {
      const outcome = await call<unknown>(client.DELETE('/api/sessions/{sessionId}', { params: at(session.id) }))
      if (outcome.ok) {
        dispatch({ type: 'event', event: { type: 'session-deleted', sessionId: session.id, botId: session.botId } })
      }
      return outcome
    },

    send: (sessionId, text) => {
      const afterSeq = getView().conversations[sessionId]?.messages.at(-1)?.seq ?? 0
      void deliver({
        key: crypto.randomUUID(), sessionId, text, state: 'sending', createdAt: Date.now(), afterSeq,
      })
    },
    sendAgain: key => {
      const outgoing = getView().outbox.find(waiting => waiting.key === key)
      if (outgoing) void deliver(outgoing)
    },
    discard: key => dispatch({ type: 'discarded', key }),
    cancel: sessionId => call(client.POST('/api/sessions/{sessionId}/cancel', { params: at(sessionId) })),
    answer: (sessionId, questionId, optionId) =>
      call<unknown>(client.POST('/api/sessions/{sessionId}/answers', { params: at(sessionId), body: { questionId, optionId } })),
  }
  return hive
}
