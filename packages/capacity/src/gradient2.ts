import type { AdaptiveAlgorithm } from './adaptive-limit.ts'
import { expectNumber } from './expect.ts'
import { createBaseline, type BaselineOptions } from './latency-baseline.ts'

/** Settings of Gradient2. */
export interface Gradient2Options extends BaselineOptions {
  /** How far latency may be above its baseline before the limit falls, as a factor, 1 or more. Default 1.25. */
  readonly tolerance?: number
  /** How much of each new limit is taken over, above 0 and up to 1. Default 0.2. */
  readonly smoothing?: number
  /** The room for growth beyond the gradient, as a function of the limit. Default its square root, at most a fifth of it, at least 1. */
  readonly headroom?: (limit: number) => number
}

/**
 * Netflix's Gradient2: `limit × tolerance × baseline ÷ latency + headroom`, smoothed, the factor kept from 0.5 to 1. The baseline is
 * measured by probes, not by a long-term mean, which cures its unbounded growth; tolerance and headroom are Envoy's.
 */
export const createGradient2 = (options: Gradient2Options): AdaptiveAlgorithm => {
  const tolerance = expectNumber('settings.tolerance', options.tolerance ?? 1.25, 1)
  const smoothing = expectNumber('settings.smoothing', options.smoothing ?? 0.2, Number.MIN_VALUE, 1)
  const { headroom = limit => Math.max(1, Math.min(Math.sqrt(limit), limit / 5)) } = options
  const baseline = createBaseline(options)
  return {
    next: (limit, sample) => {
      if (sample.dropped) return limit * (1 - smoothing / 4)
      const window = baseline.add(limit, sample)
      if (!window) return limit
      if (window.limit !== undefined) return window.limit
      if (window.inFlight * 2 < limit) return limit
      const gradient = Math.max(0.5, Math.min(1, (tolerance * window.baselineMs) / window.latencyMs))
      return limit * (1 - smoothing) + (limit * gradient + headroom(limit)) * smoothing
    },
  }
}
