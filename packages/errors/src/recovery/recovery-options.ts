import type { Classify } from '../classification/classify.ts'
import type { HiveError } from '../hive-error.ts'
import type { ErrorMetrics } from '../metrics/error-metrics.ts'
import type { Result } from '../result.ts'
import type { BackoffOptions } from './backoff.ts'
import type { Breaker, BreakerOptions } from './breaker.ts'
import type { BulkheadOptions } from './bulkhead.ts'
import type { Clock } from './clock.ts'
import type { RetryBudget, RetryBudgetOptions } from './retry-budget.ts'

/** When a failed attempt is made again. */
export interface RetryOptions extends BackoffOptions {
  /** How many attempts a run may make in all, 1 or more; 3 by default. */
  readonly maxAttempts?: number
}

/** Shares what one breaker learns with others like it; see `@hivekit/errors/redis`. */
export interface BreakerShare {
  /** Joins a breaker to all of this name. */
  readonly attach: (name: string, breaker: Breaker) => AttachedBreaker
}

/** A breaker's tie to the others of its name. */
export interface AttachedBreaker {
  /** Whether this one may let a probe pass; the breaker asks it when its wait is over. */
  readonly mayProbe: () => boolean
  /** Ends the tie. */
  readonly detach: () => void
}

/** The breakers of a recovery. */
export interface RecoveryBreakerOptions extends Omit<BreakerOptions, 'clock' | 'mayProbe'> {
  /** One breaker for each `key` of a run, for instance each tenant, rather than one for all; false by default. */
  readonly keyed?: boolean
  /** How many keyed breakers are kept, 1 or more; 1,000 by default. The least recently used is forgotten. */
  readonly maxKeys?: number
  /** Shares their state with other processes. */
  readonly share?: BreakerShare
}

/** When an idempotent run that takes long starts another attempt beside the first. */
export interface HedgeOptions {
  /** How long to wait for an answer before that, in milliseconds, 0 or more; the 95th percentile of the latency is a good start. */
  readonly delayMs: number
  /** How many more attempts a run may start so, 1 or more; 1 by default. They are paid from the budget, and pass the breaker. */
  readonly maxHedges?: number
}

/** Keeps the last good value of each key, to answer with it when all else fails. */
export interface DegradeOptions {
  /** How old a value may be, in milliseconds. */
  readonly maxAgeMs: number
  /** How many values are kept, 1 or more; 1,000 by default. The least recently used is forgotten. */
  readonly maxEntries?: number
}

/** What a fallback is told. */
export interface FallbackContext {
  /** The run's key. */
  readonly key: string | undefined
  /** Aborted when the run is cancelled or its deadline passes. */
  readonly signal: AbortSignal
}

/** Answers in place of the operation. It may fail as the operation may; then the next one is asked. */
export type Fallback<F> = (error: HiveError, context: FallbackContext) => F | Result<F, HiveError> | PromiseLike<F | Result<F, HiveError>>

/**
 * How one kind of call is protected. Each part is optional, and they stand in this order, the outermost first:
 * fallback and degrade, deadline, bulkhead, retry, breaker, hedge, attempt timeout.
 */
export interface RecoveryOptions<F = never> {
  /** What is called, for metrics and messages: `search`, `bots.prompt`. */
  readonly name: string
  /** How long a run may take in all, in milliseconds, more than 0; no limit by default. */
  readonly deadlineMs?: number
  /** How long one attempt may take, in milliseconds, more than 0; no limit by default. */
  readonly attemptTimeoutMs?: number
  /** Retries what is transient or throttled, and what is ambiguous if the run is idempotent; false (default) makes one attempt. */
  readonly retry?: RetryOptions | boolean
  /** What retries and hedges are paid from; a budget of its own by default. Options with a name share one. False lifts the limit. */
  readonly budget?: RetryBudget | RetryBudgetOptions | false
  /** Refuses calls while the dependency keeps failing; false (default) never does. */
  readonly breaker?: RecoveryBreakerOptions | boolean
  /** How many runs may be under way at once; no limit by default. A run holds its place through its backoffs. */
  readonly bulkhead?: BulkheadOptions
  /** Starts another attempt when an idempotent run takes long; never by default. */
  readonly hedge?: HedgeOptions
  /** Asked in order when the run would fail. They share what is left of the deadline. */
  readonly fallback?: Fallback<F> | readonly Fallback<F>[]
  /** Answers with the last good value when fallbacks fail too. Only for runs with a key. */
  readonly degrade?: DegradeOptions
  /** Which errors fallback and degrade are for; by default those that are transient, throttled or ambiguous. */
  readonly recoverable?: (error: HiveError) => boolean
  /** Says what a thrown value means; the built-in `classify` by default. */
  readonly classify?: Classify
  /** Where to count; metrics of its own by default. */
  readonly metrics?: ErrorMetrics
  /** Where its time comes from; the machine's clock by default. */
  readonly clock?: Clock
  /** Numbers in [0, 1) for the jitter; `Math.random` by default. */
  readonly random?: () => number
}

/** What one run is like. */
export interface RunOptions {
  /** Cancels the run: it settles as `cancelled` in the same turn. */
  readonly signal?: AbortSignal
  /** Doing it twice does no harm: ambiguous failures are retried and hedges allowed. False by default. */
  readonly idempotent?: boolean
  /** What it is about, for keyed breakers and degrade: a tenant, a document, a query. */
  readonly key?: string
}
