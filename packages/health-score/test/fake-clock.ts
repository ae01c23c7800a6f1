import type { Clock } from '@hivekit/health-score'

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Goes on, calling back whatever falls due on the way and letting its promises run. */
  advance(ms: number): Promise<void>
}

export const createFakeClock = (start = 1_700_000_000_000): FakeClock => {
  let now = start
  const timers = new Set<{ readonly due: number; readonly callback: () => void }>()
  const settle = () => new Promise<void>(resolve => setImmediate(resolve))
  return {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { due: now + delayMs, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance: async ms => {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(timer => timer.due <= end).toSorted((a, b) => a.due - b.due)[0]
        if (!next) break
        now = next.due
        timers.delete(next)
        next.callback()
        await settle()
      }
      now = end
      await settle()
    },
  }
}
