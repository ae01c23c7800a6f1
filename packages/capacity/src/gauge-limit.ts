import type { Clock } from './clock.ts'
import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'
import { createSampledLimit, type SamplingOptions } from './sampled-limit.ts'

/** Admits only while a number of yours stays below a bound: disk in use, open sockets, depth of somebody else's queue. */
export interface GaugeLimitOptions extends SamplingOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'gauge'
  /** Refuses at and above this reading. */
  readonly max: number
  /** Reads the number, cheaply and synchronously. Throwing or a value that is not finite means unknown, which refuses nothing. */
  readonly read: () => number
  /** What the number counts. Default `units`. */
  readonly unit?: string
}

export const createGaugeLimit = (options: GaugeLimitOptions, clock: Clock): Limit => {
  const source = { ...options, unit: options.unit ?? 'units', clock, max: expectNumber('max', options.max, -Infinity) }
  const { changed, dispose, ...sampled } = createSampledLimit(source)
  return {
    ...sampled,
    set: changes => {
      expectKnown('changes', changes, ['max'])
      if ('max' in changes) source.max = expectNumber('max', changes.max, -Infinity)
      changed()
    },
    [Symbol.dispose]: dispose,
  }
}
