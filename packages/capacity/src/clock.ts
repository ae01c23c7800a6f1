/** Where time comes from. Inject one to make behaviour repeatable. */
export interface Clock {
  /** Epoch milliseconds, fractions allowed. Must never run backwards, since durations are measured with it. */
  now(): number
  /** Calls back once, `delayMs` later, unless the returned function is called first. Must keep no process alive. */
  after(delayMs: number, callback: () => void): () => void
}

/** The longest delay `setTimeout` takes; a longer one would fire at once. */
const maxTimerMs = 2_147_483_647

const originMs = performance.timeOrigin

/** The computer's monotonic clock, set to the wall clock once, when the process started. Its timers are unref'd. */
export const systemClock: Clock = {
  now: () => originMs + performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), maxTimerMs)).unref()
    return () => clearTimeout(timer)
  },
}
