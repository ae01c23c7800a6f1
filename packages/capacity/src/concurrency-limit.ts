import { expectKnown, expectNumber } from './expect.ts'
import { createHoldTime } from './hold-time.ts'
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

export const createConcurrencyLimit = (options: ConcurrencyLimitOptions): Limit =>
  options.per === 'key' ? perKey(options) : overAll(options)

const overAll = (options: ConcurrencyLimitOptions): Limit => {
  let max = expectNumber('max', options.max, 0)
  let used = 0
  const hold = createHoldTime()
  return {
    kind: 'concurrency',
    freedBy: 'release',
    waitMs: (_key, cost) => (used + cost <= max ? 0 : max > 0 && cost > max ? Infinity : hold.untilReleaseMs(used)),
    take: (_key, cost, nowMs) => {
      hold.taken(used, nowMs)
      used += cost
    },
    release: (_key, cost) => {
      used -= cost
      hold.released()
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
  const hold = createHoldTime()
  let inUse = 0
  const maxOf = (key: string): number => (overrides.size === 0 ? max : (overrides.get(key) ?? max))
  return {
    kind: 'concurrency',
    freedBy: 'release',
    perKey: true,
    waitMs: (key, cost) => {
      const held = used.get(key) ?? 0
      const most = maxOf(key)
      return held + cost <= most ? 0 : most > 0 && cost > most ? Infinity : hold.untilReleaseMs(held)
    },
    take: (key, cost, nowMs) => {
      hold.taken(inUse, nowMs)
      inUse += cost
      used.set(key, (used.get(key) ?? 0) + cost)
    },
    release: (key, cost) => {
      const left = (used.get(key) ?? 0) - cost
      if (left > 1e-9) used.set(key, left)
      else used.delete(key)
      inUse -= cost
      hold.released()
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
