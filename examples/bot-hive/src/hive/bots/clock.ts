/** Time, so that a test can own it. */
export interface Clock {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Calls back once, `delayMs` later, unless the returned function is called first. Keeps no process alive. */
  after(delayMs: number, callback: () => void): () => void
}

/** The computer's own time. */
export const systemClock: Clock = {
  now: Date.now,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs).unref()
    return () => clearTimeout(timer)
  },
}
