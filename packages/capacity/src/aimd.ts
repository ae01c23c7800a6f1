import type { AdaptiveAlgorithm } from './adaptive-limit.ts'
import { expectNumber } from './expect.ts'

/** Settings of additive increase, multiplicative decrease. */
export interface AimdOptions {
  /** A latency above this counts as a drop, in milliseconds. Default: no bound, only real drops count. */
  readonly maxLatencyMs?: number
  /** What a drop leaves of the limit, from 0.5 to 1. Default 0.9. */
  readonly backoffRatio?: number
}

/**
 * TCP's rule: one more for each round trip that went well, a tenth less for one that did not.
 * At most one decrease a round trip, since what was in flight together fails together.
 */
export const createAimd = (options: AimdOptions): AdaptiveAlgorithm => {
  const maxLatencyMs = expectNumber('settings.maxLatencyMs', options.maxLatencyMs ?? Infinity, Number.MIN_VALUE)
  const backoffRatio = expectNumber('settings.backoffRatio', options.backoffRatio ?? 0.9, 0.5, 1)
  let quietUntilMs = -Infinity
  return {
    next: (limit, { dropped, latencyMs, inFlight, nowMs }) => {
      if (dropped || latencyMs > maxLatencyMs) {
        if (nowMs < quietUntilMs) return limit
        quietUntilMs = nowMs + latencyMs
        return limit * backoffRatio
      }
      // Half the limit unused proves nothing about the other half.
      return inFlight * 2 >= limit ? limit + 1 / limit : limit
    },
  }
}
