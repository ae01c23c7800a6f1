import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'

/** At most so much work a second, by the generic cell rate algorithm (ITU-T I.371): exact, with no window to straddle. */
export interface RateLimitOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'rate'
  /** Sustained cost a second, above 0. */
  readonly perSecond: number
  /** Cost that may come at once after a pause, above 0. Over any time `t` at most `burst + perSecond × t` is admitted. */
  readonly burst: number
  /** `'key'` counts each key by itself; absent, all keys together. */
  readonly per?: 'key'
}

/** Keys whose bucket is full again are forgotten once there are this many. */
const sweepAt = 1024

export const createRateLimit = (options: RateLimitOptions): Limit => {
  let intervalMs = 1000 / expectNumber('perSecond', options.perSecond, Number.MIN_VALUE)
  let burst = expectNumber('burst', options.burst, Number.MIN_VALUE)
  const set = (changes: Readonly<Record<string, unknown>>): void => {
    expectKnown('changes', changes, ['perSecond', 'burst'])
    const nextMs = 'perSecond' in changes ? 1000 / expectNumber('perSecond', changes.perSecond, Number.MIN_VALUE) : intervalMs
    if ('burst' in changes) burst = expectNumber('burst', changes.burst, Number.MIN_VALUE)
    intervalMs = nextMs
  }
  /** `arrivalMs` is the theoretical arrival time: the moment at which the bucket is full again. */
  const waitFor = (arrivalMs: number, cost: number, nowMs: number): number => {
    if (cost > burst) return Infinity
    const over = (arrivalMs > nowMs ? arrivalMs - nowMs : 0) - (burst - cost) * intervalMs
    return over <= 1e-6 ? 0 : over
  }
  const usedAt = (arrivalMs: number, nowMs: number): number => Math.max(0, arrivalMs - nowMs) / intervalMs

  if (options.per !== 'key') {
    let arrivalMs = -Infinity
    return {
      kind: 'rate',
      freedBy: 'time',
      waitMs: (_key, cost, nowMs) => waitFor(arrivalMs, cost, nowMs),
      take: (_key, cost, nowMs) => {
        arrivalMs = (arrivalMs > nowMs ? arrivalMs : nowMs) + cost * intervalMs
      },
      usage: nowMs => ({ used: usedAt(arrivalMs, nowMs), max: burst, unit: 'tokens' }),
      set,
    }
  }

  const arrivals = new Map<string, number>()
  let sweepSize = sweepAt
  const sweep = (nowMs: number): void => {
    for (const [key, arrivalMs] of arrivals) if (arrivalMs <= nowMs) arrivals.delete(key)
    sweepSize = Math.max(sweepAt, arrivals.size * 2)
  }
  return {
    kind: 'rate',
    freedBy: 'time',
    perKey: true,
    waitMs: (key, cost, nowMs) => waitFor(arrivals.get(key) ?? -Infinity, cost, nowMs),
    take: (key, cost, nowMs) => {
      const arrivalMs = arrivals.get(key) ?? -Infinity
      arrivals.set(key, (arrivalMs > nowMs ? arrivalMs : nowMs) + cost * intervalMs)
      if (arrivals.size > sweepSize) sweep(nowMs)
    },
    usage: nowMs => {
      let used = 0
      for (const arrivalMs of arrivals.values()) used = Math.max(used, usedAt(arrivalMs, nowMs))
      return { used, max: burst, unit: 'tokens', keys: arrivals.size }
    },
    set,
  }
}
