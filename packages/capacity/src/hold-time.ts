/** Learns how long permits are held on average, without reading the clock when one is released. */
export interface HoldTime {
  /** Call before `used` rises by a take. */
  taken(used: number, nowMs: number): void
  released(): void
  /** Expected time until the next release, in milliseconds, above 0. */
  untilReleaseMs(used: number): number
}

/** What is said before anything was released. */
const unknownMs = 100

/** By Little's law: the time-integral of what is in use, divided by the releases, is the mean hold. Halved now and then, to follow change. */
export const createHoldTime = (): HoldTime => {
  let integral = 0
  let releases = 0
  let lastMs = 0
  return {
    taken: (used, nowMs) => {
      if (used > 0) integral += used * (nowMs - lastMs)
      lastMs = nowMs
    },
    released: () => {
      if (++releases < 1024) return
      releases /= 2
      integral /= 2
    },
    untilReleaseMs: used => (releases === 0 ? unknownMs : Math.max(1, integral / releases / Math.max(1, used))),
  }
}
