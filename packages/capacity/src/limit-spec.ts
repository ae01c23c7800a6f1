import { createAdaptiveLimit, type AdaptiveLimitOptions } from './adaptive-limit.ts'
import type { Clock } from './clock.ts'
import { createConcurrencyLimit, type ConcurrencyLimitOptions } from './concurrency-limit.ts'
import { createEventLoopLimit, type EventLoopLimitOptions } from './event-loop-limit.ts'
import { createGaugeLimit, type GaugeLimitOptions } from './gauge-limit.ts'
import type { Limit } from './limit.ts'
import { createMemoryLimit, type MemoryLimitOptions } from './memory-limit.ts'
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts'

/** A limit, described: plain data that can stand in a configuration file, but for the functions of a gauge. */
export type LimitSpec =
  | ConcurrencyLimitOptions
  | RateLimitOptions
  | MemoryLimitOptions
  | EventLoopLimitOptions
  | GaugeLimitOptions
  | AdaptiveLimitOptions

/** Makes a limit from its description; a limit made elsewhere is taken as it is. */
export const createLimit = (name: string, spec: LimitSpec | Limit, clock: Clock): Limit => {
  if ('waitMs' in spec) return spec
  switch (spec.kind) {
    case 'concurrency':
      return createConcurrencyLimit(spec)
    case 'rate':
      return createRateLimit(spec)
    case 'memory':
      return createMemoryLimit(spec, clock)
    case 'eventLoop':
      return createEventLoopLimit(spec, clock)
    case 'gauge':
      return createGaugeLimit(spec, clock)
    case 'adaptive':
      return createAdaptiveLimit(spec)
    default: {
      const { kind } = spec as { readonly kind: unknown }
      throw new TypeError(
        `Expected limits.${name}.kind to be concurrency, rate, memory, eventLoop, gauge or adaptive, got ${JSON.stringify(kind)}.`,
      )
    }
  }
}
