/** Time as recovery sees it; give another one in tests and simulations. */
export interface Clock {
  /** The present in monotonic milliseconds; only differences mean anything. */
  readonly now: () => number
  /** Calls back once, `delayMs` from now or a little later, and returns what cancels that. It keeps no process alive. */
  readonly after: (delayMs: number, callback: () => void) => () => void
}

/** The longest delay that `setTimeout` keeps; a longer one would fire at once. */
const maxDelayMs = 2_147_483_647

/** The machine's clock: `performance.now` and unref'd timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), maxDelayMs))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
