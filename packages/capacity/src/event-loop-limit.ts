import { performance } from 'node:perf_hooks'
import type { Clock } from './clock.ts'
import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'
import { createSampledLimit, type SamplingOptions } from './sampled-limit.ts'

/** Admits only while this process's event loop has time to spare. */
export interface EventLoopLimitOptions extends SamplingOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'eventLoop'
  /** Refuses at and above this utilisation, above 0 and up to 1. Default 0.95. */
  readonly maxUtilisation?: number
}

export const createEventLoopLimit = (options: EventLoopLimitOptions, clock: Clock): Limit => {
  let before = performance.eventLoopUtilization()
  const read = (): number => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
  const max = expectNumber('maxUtilisation', options.maxUtilisation ?? 0.95, Number.MIN_VALUE, 1)
  const source = { ...options, unit: 'ratio', clock, max, read }
  const { changed, dispose, ...sampled } = createSampledLimit(source)
  return {
    ...sampled,
    set: changes => {
      expectKnown('changes', changes, ['maxUtilisation'])
      if ('maxUtilisation' in changes) source.max = expectNumber('maxUtilisation', changes.maxUtilisation, Number.MIN_VALUE, 1)
      changed()
    },
    [Symbol.dispose]: dispose,
  }
}
