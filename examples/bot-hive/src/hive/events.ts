import type { HiveEvent } from './model.ts'

/** Which events a subscriber wants, and from where. */
export interface Subscription {
  /** The number of the last event it has. Those after it are replayed; where they are gone, `reset` comes first. */
  readonly after?: number
  /** When given, of sessions only these. */
  readonly sessions?: ReadonlySet<string>
  /** Receives whole SSE frames, several at once. Called once a turn of the loop at most. */
  readonly write: (frames: string) => void
}

/** The numbered stream of everything that happens in the hive. */
export interface EventLog {
  /** Numbers an event and gives it to every subscriber who wants it. */
  publish(event: HiveEvent): void
  /** Starts a subscription; call the answer to end it. */
  subscribe(subscription: Subscription): () => void
  /** The number of the newest event. */
  readonly last: number
}

interface Entry { readonly id: number; readonly sessionId: string | undefined; readonly frame: string }
interface Subscriber extends Subscription { pending: string[] }

/**
 * Keeps the newest events for replay, by count and by size.
 *
 * A frame is made once. Those who want everything share one text a turn of the loop; those who want a session are
 * found through it, so that a hundred people in a hundred sessions cost a hundred writes and not ten thousand.
 */
export const createEventLog = ({ keep = 20_000, keepChars = 16_000_000, clock = Date.now } = {}): EventLog => {
  // Numbers grow across restarts, so that a page never takes a new event for one that it has.
  let last = clock() * 1000
  let ring: Entry[] = []
  let head = 0
  let chars = 0
  let scheduled = false
  let shared: string[] = []
  const everything = new Set<Subscriber>()
  const filtered = new Set<Subscriber>()
  const bySession = new Map<string, Set<Subscriber>>()
  const waiting = new Set<Subscriber>()

  const flush = () => {
    scheduled = false
    if (shared.length > 0) {
      const frames = shared.join('')
      shared = []
      for (const subscriber of everything) subscriber.write(frames)
    }
    for (const subscriber of waiting) {
      subscriber.write(subscriber.pending.join(''))
      subscriber.pending = []
    }
    waiting.clear()
  }

  const schedule = () => {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  const queue = (subscriber: Subscriber, frame: string) => {
    subscriber.pending.push(frame)
    waiting.add(subscriber)
  }

  const remember = (entry: Entry) => {
    ring.push(entry)
    chars += entry.frame.length
    while (ring.length - head > keep || chars > keepChars) chars -= ring[head++]!.frame.length
    if (head > 1024 && head * 2 > ring.length) {
      ring = ring.slice(head)
      head = 0
    }
  }

  const replay = ({ after, sessions }: Subscription): string => {
    if (after === undefined || after === last) return ''
    const first = ring[head]
    if (after > last || first === undefined || after < first.id - 1) return frameOf(last, { type: 'reset' })
    return ring.slice(head + after - first.id + 1)
      .filter(({ sessionId }) => !sessions || sessionId === undefined || sessions.has(sessionId))
      .map(({ frame }) => frame).join('')
  }

  return {
    get last() {
      return last
    },
    publish: event => {
      const sessionId = sessionOf(event)
      const frame = frameOf(++last, event)
      remember({ id: last, sessionId, frame })
      shared.push(frame)
      if (sessionId === undefined) for (const subscriber of filtered) queue(subscriber, frame)
      else for (const subscriber of bySession.get(sessionId) ?? []) queue(subscriber, frame)
      schedule()
    },
    subscribe: subscription => {
      flush()
      const subscriber = { ...subscription, pending: [] }
      const missed = replay(subscription)
      if (missed) subscriber.write(missed)
      if (!subscription.sessions) {
        everything.add(subscriber)
        return () => void everything.delete(subscriber)
      }
      filtered.add(subscriber)
      for (const id of subscription.sessions) bySession.set(id, (bySession.get(id) ?? new Set()).add(subscriber))
      return () => {
        filtered.delete(subscriber)
        waiting.delete(subscriber)
        for (const id of subscription.sessions!) {
          bySession.get(id)?.delete(subscriber)
          if (bySession.get(id)?.size === 0) bySession.delete(id)
        }
      }
    },
  }
}

const frameOf = (id: number, event: HiveEvent) => `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const sessionOf = (event: HiveEvent): string | undefined => {
  if (event.type === 'message') return event.message.sessionId
  if (event.type === 'session') return event.session.id
  return 'sessionId' in event ? event.sessionId : undefined
}
