import { classify as builtIn, type Classify } from '../classification/classify.ts'
import { HiveError } from '../hive-error.ts'
import { createErrorMetrics, type ErrorMetrics } from '../metrics/error-metrics.ts'
import { slots } from '../metrics/event-counts.ts'
import type { OperationMeter } from '../metrics/operation-meter.ts'
import { err, type Err } from '../result.ts'
import type { OngoingAttempt } from './attempt.ts'
import { createBackoff, type Backoff } from './backoff.ts'
import { createBreaker, type Breaker, type BreakerTransition } from './breaker.ts'
import { createBulkhead, type Bulkhead } from './bulkhead.ts'
import { systemClock, type Clock } from './clock.ts'
import { expectNumber } from './expect-option.ts'
import { createLru, type Lru } from './lru.ts'
import type { Fallback, RecoveryBreakerOptions, RecoveryOptions } from './recovery-options.ts'
import { createRetryBudget, sharedRetryBudget, type RetryBudget } from './retry-budget.ts'
import { expire } from './run.ts'
import { createTimeoutQueue, type TimeoutQueue } from './timeout-queue.ts'

/** A value that was good once. */
interface LastGood {
  readonly value: unknown
  readonly at: number
}

/** What all runs of one recovery share: its options, resolved, and its state. */
export interface RecoveryCore {
  readonly name: string
  readonly clock: Clock
  readonly classify: Classify
  readonly deadlineMs: number
  readonly attemptTimeoutMs: number
  readonly maxAttempts: number
  readonly backoff: Backoff
  readonly budget: RetryBudget | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly hedge: { readonly delayMs: number; readonly maxHedges: number } | undefined
  readonly fallbacks: readonly Fallback<unknown>[]
  readonly lastGood: Lru<LastGood> | undefined
  readonly maxAgeMs: number
  readonly recoverable: (error: HiveError) => boolean
  readonly metrics: ErrorMetrics
  readonly meter: OperationMeter
  /** Timeouts of the usual length: the shorter of the attempt's and the run's. */
  readonly timeouts: TimeoutQueue<OngoingAttempt> | undefined
  /** The breaker of a key. */
  readonly breakerOf: (key: string | undefined) => Breaker | undefined
  /** All breakers by key; `''` is the one without. */
  readonly breakers: () => Iterable<readonly [string, Breaker]>
  /** What a run is answered that an open breaker refused. */
  readonly refusal: (breaker: Breaker, key: string | undefined, now: number) => Refusal
}

/** The answer of an open breaker, which all that it refuses for a while share. */
export interface Refusal {
  readonly breaker: Breaker
  readonly answer: Err<never, HiveError>
  /** The answer once more: a promise for each refusal would be a fifth of its cost. */
  readonly settled: Promise<Err<never, HiveError>>
  /** Until when the breaker was open when this was made: opened anew, it has another answer. */
  readonly openUntil: number
  /** When the waiting time that it tells is to be told anew. */
  readonly until: number
}

/** Checks the options and makes what the runs share. */
export const createCore = <F>(options: RecoveryOptions<F>): RecoveryCore => {
  const {
    name, deadlineMs = Number.POSITIVE_INFINITY, attemptTimeoutMs = Number.POSITIVE_INFINITY, retry = false, hedge, fallback = [], degrade,
    recoverable = isTrouble, classify = builtIn, clock = systemClock, random = Math.random,
  } = options
  if (!name) throw new TypeError(`Expected a recovery to have a name; got ${JSON.stringify(name)}.`)
  expectNumber('deadlineMs', deadlineMs, Number.MIN_VALUE)
  expectNumber('attemptTimeoutMs', attemptTimeoutMs, Number.MIN_VALUE)
  expectNumber('hedge.delayMs', hedge?.delayMs, 0)
  expectNumber('hedge.maxHedges', hedge?.maxHedges, 1)
  expectNumber('degrade.maxAgeMs', degrade?.maxAgeMs, 0)
  expectNumber('degrade.maxEntries', degrade?.maxEntries, 1)
  const { maxAttempts = 3, ...backoff } = typeof retry === 'object' ? retry : { maxAttempts: retry ? 3 : 1 }
  expectNumber('retry.maxAttempts', maxAttempts, 1)
  const metrics = options.metrics ?? createErrorMetrics({ clock })
  const meter = metrics.meter(name)
  const durationMs = Math.min(deadlineMs, attemptTimeoutMs)
  return {
    name, clock, classify, deadlineMs, attemptTimeoutMs, maxAttempts, recoverable, metrics, meter,
    backoff: createBackoff(backoff, random),
    budget: resolveBudget(options.budget, clock, maxAttempts > 1 || hedge !== undefined),
    bulkhead: options.bulkhead && createBulkhead(options.bulkhead),
    hedge: hedge && { maxHedges: 1, ...hedge },
    fallbacks: typeof fallback === 'function' ? [fallback] : fallback,
    lastGood: degrade && createLru(degrade.maxEntries ?? 1_000),
    maxAgeMs: degrade?.maxAgeMs ?? 0,
    timeouts: Number.isFinite(durationMs) ? createTimeoutQueue(clock, durationMs, expire) : undefined,
    ...createBreakers(name, options.breaker, clock, meter),
  }
}

const isTrouble = ({ kind }: HiveError) => kind === 'transient' || kind === 'throttled' || kind === 'ambiguous'

const resolveBudget = (budget: RecoveryOptions['budget'], clock: Clock, isNeeded: boolean): RetryBudget | undefined => {
  if (budget === false) return undefined
  if (budget && 'take' in budget) return budget
  const { name } = budget ?? {}
  if (name !== undefined) return sharedRetryBudget({ ...budget, name }, clock)
  return budget || isNeeded ? createRetryBudget(budget, { clock }) : undefined
}

type Breakers = Pick<RecoveryCore, 'breakerOf' | 'breakers' | 'refusal'>

/** One breaker, or one for each key. */
const createBreakers = (name: string, options: RecoveryBreakerOptions | boolean | undefined, clock: Clock, meter: OperationMeter): Breakers => {
  const refusals = new WeakMap<Breaker, Refusal>()
  let latest: Refusal | undefined

  // A refusal is made anew only when the waiting time it tells has changed by a hundredth: refusing must cost next to nothing.
  const refusal: RecoveryCore['refusal'] = (breaker, key, now) => {
    const openUntil = breaker.refusesUntil()
    const known = latest?.breaker === breaker ? latest : refusals.get(breaker)
    if (known && now < known.until && known.openUntil === openUntil) return latest = known
    const remainingMs = Math.max(0, openUntil - now)
    const answer = err(new HiveError('unavailable', `"${name}" keeps failing and is left alone for now.`, {
      retryAfterMs: Math.ceil(remainingMs), details: { breaker: name, ...(key === undefined ? {} : { key }) }, stack: 'sampled',
    }))
    latest = { breaker, answer, settled: Promise.resolve(answer), openUntil, until: now + Math.max(1, remainingMs / 100) }
    refusals.set(breaker, latest)
    return latest
  }

  if (!options) return { breakerOf: () => undefined, breakers: () => [], refusal }
  const { keyed = false, maxKeys = 1_000, share, ...breakerOptions } = options === true ? {} : options
  expectNumber('breaker.maxKeys', maxKeys, 1)
  const detach = new WeakMap<Breaker, () => void>()

  const make = (key: string): Breaker => {
    let gate: (() => boolean) | undefined
    const breaker = createBreaker({ ...breakerOptions, clock, mayProbe: () => gate?.() ?? true })
    breaker.onTransition(transition => countTransition(meter, clock.now(), transition, key))
    if (share) {
      const attached = share.attach(key === '' ? name : `${name}:${key}`, breaker)
      gate = attached.mayProbe
      detach.set(breaker, attached.detach)
    }
    return breaker
  }

  if (!keyed) {
    const only = make('')
    return { breakerOf: () => only, breakers: () => [['', only]], refusal }
  }
  const kept = createLru<Breaker>(maxKeys, breaker => detach.get(breaker)?.())
  return {
    breakerOf: (key = '') => {
      let breaker = kept.get(key)
      if (!breaker) {
        breaker = make(key)
        kept.set(key, breaker)
      }
      return breaker
    },
    breakers: () => kept.entries(),
    refusal,
  }
}

const transitionSlots = { 'open': slots.breakerOpened, 'half-open': slots.breakerHalfOpened, 'closed': slots.breakerClosed } as const

const countTransition = (meter: OperationMeter, now: number, { from, to }: BreakerTransition, key: string) => {
  meter.count(transitionSlots[to], now)
  meter.emit(now, { type: 'breaker', from, to, key })
}
