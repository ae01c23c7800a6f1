import type { Clock } from './clock.ts'

/** What waits in a {@link TimeoutQueue}: the queue keeps its links in the entry, so that adding allocates nothing. */
export interface Expiring {
  /** When it expires, in the clock's milliseconds. */
  due: number
  /** The neighbour that expires before. */
  before: Expiring | undefined
  /** The neighbour that expires after. */
  after: Expiring | undefined
  /** Whether it waits. */
  queued: boolean
}

/** Timeouts of one duration. */
export interface TimeoutQueue<E extends Expiring> {
  /** How long each waits, in milliseconds. */
  readonly durationMs: number
  /** Starts the timeout of an entry. */
  readonly add: (entry: E, now: number) => void
  /** Ends it before its time. Harmless when it does not wait. */
  readonly remove: (entry: E) => void
}

/** A first timer is short, so that calls which answer at once share one and leave none behind for long. */
const shortMs = 16

/**
 * Makes a queue of timeouts of one duration. As all are equally long they expire in the order they were added: one timer for the
 * first serves all, where `setTimeout` and `clearTimeout` for each would be most of what a call costs.
 */
export const createTimeoutQueue = <E extends Expiring>(clock: Clock, durationMs: number, onExpire: (entry: E) => void): TimeoutQueue<E> => {
  let first: Expiring | undefined
  let last: Expiring | undefined
  let cancelTimer: (() => void) | undefined
  let timerIsLong = false

  const arm = (delayMs: number, isLong: boolean) => {
    timerIsLong = isLong
    cancelTimer = clock.after(delayMs, onTimer)
  }

  const onTimer = () => {
    cancelTimer = undefined
    const now = clock.now()
    for (let entry = first; entry && entry.due <= now; entry = first) {
      remove(entry)
      onExpire(entry as E)
    }
    if (first && !cancelTimer) arm(first.due - now, true)
  }

  const remove = (entry: Expiring) => {
    if (!entry.queued) return
    entry.queued = false
    if (entry.before) entry.before.after = entry.after
    else first = entry.after
    if (entry.after) entry.after.before = entry.before
    else last = entry.before
    entry.before = undefined
    entry.after = undefined
    if (first || !timerIsLong || !cancelTimer) return
    cancelTimer()
    cancelTimer = undefined
  }

  return {
    durationMs,
    add: (entry, now) => {
      entry.due = now + durationMs
      entry.queued = true
      entry.before = last
      if (last) last.after = entry
      else first = entry
      last = entry
      if (!cancelTimer) arm(Math.min(durationMs, shortMs), false)
    },
    remove,
  }
}
