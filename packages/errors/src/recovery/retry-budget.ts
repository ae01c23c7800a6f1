import { systemClock, type Clock } from './clock.ts'
import { expectNumber } from './expect-option.ts'

/** How many retries a dependency is to bear. */
export interface RetryBudgetOptions {
  /** Recoveries that give the same name (and clock) draw on one budget. */
  readonly name?: string
  /** Retries earned by each run, 0–1; 0.1 by default: in the long run at most a tenth more load. */
  readonly ratio?: number
  /** Retries earned each second without any traffic, 0 or more; 0.1 by default. */
  readonly minPerSecond?: number
  /** The most that can be saved up, and what there is at first; 5 by default. */
  readonly maxTokens?: number
  /** What a retry costs after a timeout, which the other side may still be busy with; 2 by default. Other retries cost 1. */
  readonly timeoutCost?: number
}

/** Tokens that retries are paid with; one bucket for all that load the same dependency. */
export interface RetryBudget {
  /** The name it is shared by. */
  readonly name: string | undefined
  /** Adds what one run earns. */
  readonly earn: () => void
  /** Takes the cost of a retry or a hedge if there is enough, and says whether there was. */
  readonly take: (now: number, afterTimeout: boolean) => boolean
  /** Gives back what was taken for a retry that was never made. */
  readonly refund: (afterTimeout: boolean) => void
  /** What is left, 0 or more. */
  readonly tokens: () => number
}

/**
 * Makes a retry budget: a token bucket that calls fill and retries empty, so that an outage cannot multiply the load
 * (Google SRE book, "Addressing Cascading Failures"; Finagle's RetryBudget; the AWS SDK's retry quota). Throws a RangeError on a negative option.
 *
 * @example
 * ```ts
 * import { createRecovery, createRetryBudget } from '@hivekit/errors'
 *
 * const budget = createRetryBudget({ ratio: 0.05 })
 * const reads = createRecovery({ name: 'search.read', budget })
 * const writes = createRecovery({ name: 'search.write', budget })
 * ```
 */
export const createRetryBudget = (
  { name, ratio = 0.1, minPerSecond = 0.1, maxTokens = 5, timeoutCost = 2 }: RetryBudgetOptions = {},
  { clock = systemClock }: { readonly clock?: Clock } = {},
): RetryBudget => {
  expectNumber('ratio', ratio, 0, 1)
  expectNumber('minPerSecond', minPerSecond, 0)
  expectNumber('maxTokens', maxTokens, 0)
  expectNumber('timeoutCost', timeoutCost, 0)
  let tokens = maxTokens
  let refilledAt = clock.now()

  const refill = (now: number) => {
    tokens = Math.min(maxTokens, tokens + (Math.max(0, now - refilledAt) / 1_000) * minPerSecond)
    refilledAt = now
  }

  return {
    name,
    earn: () => {
      tokens = Math.min(maxTokens, tokens + ratio)
    },
    take: (now, afterTimeout) => {
      refill(now)
      const cost = afterTimeout ? timeoutCost : 1
      if (tokens < cost) return false
      tokens -= cost
      return true
    },
    refund: afterTimeout => {
      tokens = Math.min(maxTokens, tokens + (afterTimeout ? timeoutCost : 1))
    },
    tokens: () => tokens,
  }
}

const shared = new WeakMap<Clock, Map<string, { readonly budget: RetryBudget; readonly options: string }>>()

/** The budget of this name and clock, made at first use. Throws a TypeError when it was made with other options. */
export const sharedRetryBudget = (options: RetryBudgetOptions & { readonly name: string }, clock: Clock): RetryBudget => {
  const byName = shared.get(clock) ?? new Map<string, { readonly budget: RetryBudget; readonly options: string }>()
  shared.set(clock, byName)
  const text = JSON.stringify(Object.entries(options).toSorted())
  const known = byName.get(options.name)
  if (known && known.options !== text) {
    throw new TypeError(`Expected budget "${options.name}" to be given the same options everywhere: ${known.options}; got ${text}.`)
  }
  if (known) return known.budget
  const budget = createRetryBudget(options, { clock })
  byName.set(options.name, { budget, options: text })
  return budget
}
