import type { Clock } from '@hivekit/capacity'

/** Time that moves only when it is told to. */
export interface FakeClock extends Clock {
  /** Moves on, calling what is due in order. */
  advance(ms: number): void
}

export const createFakeClock = (startMs = 1_000_000): FakeClock => {
  let nowMs = startMs
  let timers: { atMs: number; callback: () => void }[] = []
  return {
    now: () => nowMs,
    after: (delayMs, callback) => {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback }
      timers.push(timer)
      return () => {
        timers = timers.filter(each => each !== timer)
      }
    },
    advance: ms => {
      const endMs = nowMs + ms
      for (;;) {
        const due = timers.filter(timer => timer.atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (!due) break
        timers = timers.filter(timer => timer !== due)
        nowMs = Math.max(nowMs, due.atMs)
        due.callback()
      }
      nowMs = endMs
    },
  }
}
