import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'

/** At most so much work at once. */
export interface ConcurrencyLimitOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'concurrency'
  /** The most cost held at once, 0 or more. 0 holds everything back until it is raised. */
  readonly max: number
  /** `'key'` counts each key by itself; absent, all keys together. */
  readonly per?: 'key'
  /** Another `max` for some keys. Only with `per: 'key'`. */
  readonly overrides?: Readonly<Record<string, number>>
}

/** What a refusal says before any permit has been held long enough to measure. */
const unknownWaitMs = 100

/** Expected time to the next release, when holds last `holdMs` on average and `used` are held. */
const untilRelease = (holdMs: number, used: number): number =>
  holdMs === 0 ? unknownWaitMs : Math.max(1, holdMs / Math.max(1, used))

export const createConcurrencyLimit = (options: ConcurrencyLimitOptions): Limit =>
  options.per === 'key' ? perKey(options) : overAll(options)

const overAll = (options: ConcurrencyLimitOptions): Limit => {
  let max = expectNumber('max', options.max, 0)
  let used = 0
  let holdMs = 0
  return {
    kind: 'concurrency',
    freedBy: 'release',
    waitMs: (_key, cost) => (used + cost <= max ? 0 : max > 0 && cost > max ? Infinity : untilRelease(holdMs, used)),
    take: (_key, cost) => {
      used += cost
    },
    release: (_key, cost, _nowMs, heldMs) => {
      used -= cost
      holdMs += (heldMs - holdMs) * (holdMs === 0 ? 1 : 0.05)
    },
    usage: () => ({ used, max, unit: 'permits' }),
    set: changes => {
      expectKnown('changes', changes, ['max'])
      if ('max' in changes) max = expectNumber('max', changes.max, 0)
    },
  }
}

const perKey = (options: ConcurrencyLimitOptions): Limit => {
  let max = expectNumber('max', options.max, 0)
  let overrides = readOverrides(options.overrides)
  const used = new Map<string, number>()
  let holdMs = 0
  const maxOf = (key: string): number => (overrides.size === 0 ? max : (overrides.get(key) ?? max))
  return {
    kind: 'concurrency',
    freedBy: 'release',
    perKey: true,
    waitMs: (key, cost) => {
      const held = used.get(key) ?? 0
      const most = maxOf(key)
      return held + cost <= most ? 0 : most > 0 && cost > most ? Infinity : untilRelease(holdMs, held)
    },
    take: (key, cost) => {
      used.set(key, (used.get(key) ?? 0) + cost)
    },
    release: (key, cost, _nowMs, heldMs) => {
      const left = (used.get(key) ?? 0) - cost
      if (left > 1e-9) used.set(key, left)
      else used.delete(key)
      holdMs += (heldMs - holdMs) * (holdMs === 0 ? 1 : 0.05)
    },
    usage: () => {
      let fullest = { used: 0, max, share: 0 }
      for (const [key, held] of used) {
        const share = held / Math.max(maxOf(key), Number.MIN_VALUE)
        if (share > fullest.share) fullest = { used: held, max: maxOf(key), share }
      }
      return { used: fullest.used, max: fullest.max, unit: 'permits', keys: used.size }
    },
    set: changes => {
      expectKnown('changes', changes, ['max', 'overrides'])
      const nextMax = 'max' in changes ? expectNumber('max', changes.max, 0) : max
      if ('overrides' in changes) overrides = readOverrides(changes.overrides as ConcurrencyLimitOptions['overrides'])
      max = nextMax
    },
  }
}

const readOverrides = (overrides: Readonly<Record<string, number>> = {}): Map<string, number> =>
  new Map(Object.entries(overrides).map(([key, value]) => [key, expectNumber(`overrides.${key}`, value, 0)]))
