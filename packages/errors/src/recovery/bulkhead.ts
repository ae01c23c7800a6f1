import { expectNumber } from './expect-option.ts'

/** How many runs may be under way at once. */
export interface BulkheadOptions {
  /** Runs under way at once, 1 or more. */
  readonly maxConcurrent: number
  /** Runs that wait for a place, 0 or more; 0 by default. One more is refused. */
  readonly maxQueued?: number
}

/** How full a bulkhead is. */
export interface BulkheadSnapshot {
  /** Runs under way. */
  readonly running: number
  /** Runs that wait for a place. */
  readonly queued: number
}

/** Gives out places to runs, first come, first served. */
export interface Bulkhead {
  /** Asks for a place: it is had, waited for (then `start` is called), or refused. */
  readonly enter: (start: () => void) => 'entered' | 'queued' | 'refused'
  /** Gives a place back; the one that waits longest has it. */
  readonly leave: () => void
  /** Leaves the queue. */
  readonly forget: (start: () => void) => void
  /** How many run and how many wait. */
  readonly snapshot: () => BulkheadSnapshot
}

/** Makes a bulkhead. Throws a RangeError on an option out of range. */
export const createBulkhead = ({ maxConcurrent, maxQueued = 0 }: BulkheadOptions): Bulkhead => {
  expectNumber('maxConcurrent', maxConcurrent, 1)
  expectNumber('maxQueued', maxQueued, 0)
  const waiting = new Set<() => void>()
  let running = 0
  return {
    enter: start => {
      if (running < maxConcurrent) {
        running++
        return 'entered'
      }
      if (waiting.size >= maxQueued) return 'refused'
      waiting.add(start)
      return 'queued'
    },
    leave: () => {
      const next = waiting.values().next().value
      if (!next) {
        running--
        return
      }
      waiting.delete(next)
      next()
    },
    forget: start => {
      waiting.delete(start)
    },
    snapshot: () => ({ running, queued: waiting.size }),
  }
}
