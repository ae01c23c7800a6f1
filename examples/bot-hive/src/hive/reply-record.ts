import type { HiveEvent } from './model.ts'

/** How replies have been going. */
export interface ReplyRecord {
  /** Takes every event that is published. */
  observe(event: HiveEvent): void
  /** Looks back from `now`. */
  recent(now: number): RecentReplies
}

export interface RecentReplies {
  /** What 95 of 100 replies took at most, from message to end, in milliseconds; undefined while there are none. */
  readonly p95Ms: number | undefined
  /** The share that failed, 0–1. Cancelled replies count for neither side. */
  readonly failedRatio: number
}

export interface ReplyRecordOptions {
  /** A reply that is not there after this long counts as one that took as long as it has been awaited, in milliseconds. */
  readonly overdueMs: number
  /** How far to look back, in milliseconds. Default: 300,000. */
  readonly windowMs?: number
  /** How many ended replies to remember at most. Default: 2,000. */
  readonly capacity?: number
}

/** One failure among few says little: a share is taken of at least this many replies. */
const fewest = 20

/** Remembers when replies ended and how, and which are awaited: a bot that hangs shows before its replies end. */
export const createReplyRecord = ({ overdueMs, windowMs = 300_000, capacity = 2_000 }: ReplyRecordOptions): ReplyRecord => {
  const awaited = new Map<string, { readonly sessionId: string; readonly since: number }>()
  let ended: { readonly at: number; readonly tookMs: number; readonly state: 'complete' | 'failed' }[] = []

  return {
    observe: event => {
      if (event.type === 'session-deleted') for (const [id, { sessionId }] of awaited) if (sessionId === event.sessionId) awaited.delete(id)
      if (event.type !== 'message' || event.message.role !== 'bot') return
      const { id, sessionId, state, createdAt, updatedAt } = event.message
      if (state === 'pending' || state === 'streaming') return void awaited.set(id, { sessionId, since: createdAt })
      awaited.delete(id)
      if (state === 'cancelled') return
      ended.push({ at: updatedAt, tookMs: updatedAt - createdAt, state })
      // Trimmed by half, so that forgetting costs nothing on average.
      if (ended.length >= 2 * capacity) ended = ended.slice(-capacity)
    },
    recent: now => {
      ended = ended.filter(({ at }) => now - at <= windowMs)
      const overdue = Array.from(awaited.values(), ({ since }) => now - since).filter(age => age > overdueMs)
      const took = [...ended.filter(({ state }) => state === 'complete').map(({ tookMs }) => tookMs), ...overdue].toSorted((a, b) => a - b)
      const failed = ended.filter(({ state }) => state === 'failed').length
      return { p95Ms: took[Math.ceil(took.length * 0.95) - 1], failedRatio: failed / Math.max(fewest, ended.length) }
    },
  }
}
