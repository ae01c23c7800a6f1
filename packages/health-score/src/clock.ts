/** Where time comes from. A test gives its own. */
export interface Clock {
  /** Epoch milliseconds. Must never run backwards, since durations are measured with it. */
  now(): number
  /** Calls back once, `delayMs` later, unless the returned function is called first. Must keep no process alive. */
  after(delayMs: number, callback: () => void): () => void
}

/** The computer's monotonic clock, set to the wall clock once, when the process started. Its timers are unref'd. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs).unref()
    return () => clearTimeout(timer)
  },
}
