import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@hivekit/errors'

/** A clock that stands still until it is advanced. */
export interface VirtualClock extends Clock {
  /** Lets time pass; timers fire in order, and what they set off settles before the next one. */
  readonly advance: (ms: number) => Promise<void>
  /** Timers that wait. */
  readonly pending: () => number
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

export const createVirtualClock = (): VirtualClock => {
  let now = 0
  let order = 0
  const timers = new Set<Timer>()

  const next = (until: number) => {
    let first: Timer | undefined
    for (const timer of timers) {
      if (timer.at <= until && (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))) first = timer
    }
    return first
  }

  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, order: order++, callback }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance: async ms => {
      const until = now + ms
      await setImmediate()
      for (let timer = next(until); timer; timer = next(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.callback()
        await setImmediate()
      }
      now = until
    },
    pending: () => timers.size,
  }
}
