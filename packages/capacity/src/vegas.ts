import type { AdaptiveAlgorithm } from './adaptive-limit.ts'
import { createBaseline, type BaselineOptions } from './latency-baseline.ts'

/** Settings of Vegas. */
export interface VegasOptions extends BaselineOptions {
  /** The queue to keep at least, as a function of the limit. Default half of `beta`. */
  readonly alpha?: (limit: number) => number
  /** The queue not to exceed, as a function of the limit. Default `6 × log10(limit)`, at most a third of the limit. */
  readonly beta?: (limit: number) => number
}

/**
 * TCP Vegas (Brakmo and Peterson 1995), as Netflix's concurrency-limits shapes it: estimates how much of what is in flight stands in
 * the server's queue, `limit × (1 − baseline ÷ latency)`, and keeps that between `alpha` and `beta`.
 */
export const createVegas = (options: VegasOptions): AdaptiveAlgorithm => {
  const { beta = limit => Math.max(1, Math.min(6 * Math.log10(limit), limit / 3)), alpha = limit => beta(limit) / 2 } = options
  const baseline = createBaseline(options)
  const step = (limit: number): number => Math.max(1, Math.log10(limit))
  return {
    next: (limit, sample) => {
      if (sample.dropped) return limit - step(limit) / 2
      const window = baseline.add(limit, sample)
      if (!window) return limit
      if (window.limit !== undefined) return window.limit
      // Unused room says nothing of how the server would do with more.
      if (window.inFlight * 2 < limit) return limit
      const queue = limit * (1 - window.baselineMs / window.latencyMs)
      // No queue to speak of: far from the knee, so the steps are long.
      if (queue < alpha(limit) / 3) return limit + beta(limit)
      if (queue < alpha(limit)) return limit + step(limit)
      return queue > beta(limit) ? limit - step(limit) : limit
    },
  }
}
