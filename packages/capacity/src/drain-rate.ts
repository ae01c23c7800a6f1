/** Learns how fast work starts while work waits, to tell newcomers how long they will wait. */
export interface DrainRate {
  /** Counts a start. `backlogged` says whether more work was waiting just before it. */
  started(nowMs: number, backlogged: boolean): void
  /** The mean time between two starts, in milliseconds; 0 while nothing is known. */
  intervalMs(): number
}

export const createDrainRate = (): DrainRate => {
  let lastMs = -1
  let meanMs = 0
  let seen = 0
  return {
    started: (nowMs, backlogged) => {
      // The gap before a start with nothing waiting is the callers' pause, not ours.
      if (backlogged && lastMs >= 0) {
        seen++
        // A plain mean at first, then a moving one over about the last 128 starts.
        meanMs += (nowMs - lastMs - meanMs) / Math.min(seen, 128)
      }
      lastMs = nowMs
    },
    intervalMs: () => meanMs,
  }
}
