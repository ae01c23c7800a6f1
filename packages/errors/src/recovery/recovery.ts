import type { HiveError } from '../hive-error.ts'
import type { ErrorEvent } from '../metrics/error-events.ts'
import { slots } from '../metrics/event-counts.ts'
import type { OperationSnapshot } from '../metrics/operation-meter.ts'
import type { Result } from '../result.ts'
import type { Attempt } from './attempt.ts'
import type { Breaker, BreakerSnapshot } from './breaker.ts'
import type { BulkheadSnapshot } from './bulkhead.ts'
import { createCore, type RecoveryCore } from './recovery-core.ts'
import type { RecoveryOptions, RunOptions } from './recovery-options.ts'
import { begin, type Run } from './run.ts'

/** What is protected: it answers, throws, or says how it went in a `Result`. It is called once for each attempt. */
export type Operation<T> = (attempt: Attempt) => T | Result<T, HiveError> | PromiseLike<T | Result<T, HiveError>>

/** How a run ended. A value that is not fresh says so. */
export type RecoveryResult<T> = Result<T, HiveError> & {
  /** The age in milliseconds of a value that `degrade` answered with; absent when the value is fresh. */
  readonly staleMs?: number
}

/** What a recovery is doing. */
export interface RecoverySnapshot {
  /** Its counts, since the start and in sliding windows. */
  readonly counts: OperationSnapshot
  /** Its breakers by key, those that are closed left out when they are keyed; `''` is the one without a key. */
  readonly breakers: Readonly<Record<string, BreakerSnapshot>>
  /** What is left of its retry budget; null when it has none. */
  readonly budgetTokens: number | null
  /** Runs under way and waiting; null when it has no bulkhead. */
  readonly bulkhead: BulkheadSnapshot | null
}

/** Protects one kind of call. */
export interface Recovery<F = never> {
  /** Its name. */
  readonly name: string
  /**
   * Calls the operation, and recovers from its failures. Never rejects: the error is in the result, and is the one that the last
   * attempt ended with. Settles at the deadline or the cancellation even if the operation does not heed its signal. Costs about
   * half a microsecond when the operation succeeds.
   */
  readonly run: <T>(operation: Operation<T>, options?: RunOptions) => Promise<RecoveryResult<T | F>>
  /** What it is doing, for a dashboard. */
  readonly snapshot: () => RecoverySnapshot
  /** Calls back for each event of this recovery, in the turn it happens; returns what ends that. A listener must not throw. */
  readonly onEvent: (listener: (event: ErrorEvent) => void) => () => void
  /** The breaker of a key, to export, restore, open or close it; undefined when it has none. */
  readonly breaker: (key?: string) => Breaker | undefined
}

const noOptions: RunOptions = {}

/**
 * Makes a recovery: deadline, retry with a budget, breaker and attempt timeout in one, with fallbacks and the last good value behind
 * them. Owns no timer while nothing runs. Throws a TypeError or a RangeError on an option that is not as it should be.
 *
 * @example
 * ```ts
 * import { createRecovery } from '@hivekit/errors'
 *
 * const search = createRecovery({
 *   name: 'search',
 *   deadlineMs: 5_000,
 *   attemptTimeoutMs: 1_500,
 *   retry: { maxAttempts: 3 },
 *   breaker: { openMs: 1_000 },
 *   degrade: { maxAgeMs: 60_000 },
 * })
 * const find = (query: string) =>
 *   search.run(async ({ signal }) => [`results for ${query}`, signal.aborted], { key: query, idempotent: true })
 *
 * const result = await find('bees')
 * if (result.isOk()) console.log(result.value, result.staleMs ?? 'fresh')
 * else console.log(result.error.code)
 * ```
 */
export const createRecovery = <F = never>(options: RecoveryOptions<F>): Recovery<F> => {
  const core = createCore(options)
  const { name, clock, meter, metrics, breakerOf, fallbacks, lastGood } = core
  const hasSecondChance = fallbacks.length > 0 || lastGood !== undefined

  const run = (operation: Operation<unknown>, { signal, idempotent = false, key }: RunOptions = noOptions) => {
    const now = clock.now()
    const breaker = breakerOf(key)
    if (breaker !== undefined && !hasSecondChance && isRefused(core, breaker, now, signal)) return refuse(core, breaker, key, now)
    return new Promise<Result<unknown, HiveError>>(settle => {
      begin({
        core, operation, signal, idempotent, key, breaker, startedAt: now, settle, attempts: 0, hedges: 0, ongoing: undefined,
        failedAt: undefined, delayMs: 0, cancelWait: undefined, cancelHedge: undefined, onAbort: undefined, holdsPlace: false,
      } satisfies Run)
    })
  }

  return {
    name,
    run: run as Recovery<F>['run'],
    breaker: breakerOf,
    onEvent: listener => metrics.onEvent(event => {
      if (event.operation === name) listener(event)
    }),
    snapshot: () => ({
      counts: meter.snapshot(clock.now()),
      breakers: Object.fromEntries([...core.breakers()]
        .filter(([key, breaker]) => key === '' || breaker.state() !== 'closed')
        .map(([key, breaker]) => [key, breaker.snapshot()])),
      budgetTokens: core.budget?.tokens() ?? null,
      bulkhead: core.bulkhead?.snapshot() ?? null,
    }),
  }
}

/** While a breaker stays open, a run needs no more than its refusal. */
const isRefused = (core: RecoveryCore, breaker: Breaker, now: number, signal: AbortSignal | undefined) =>
  breaker.refusesUntil() > now && !signal?.aborted && !core.meter.isHeard()

const refuse = ({ meter, refusal, recoverable, budget }: RecoveryCore, breaker: Breaker, key: string | undefined, now: number) => {
  meter.count(slots.runs, now)
  meter.count(slots.refusedByBreaker, now)
  const { answer, settled } = refusal(breaker, key, now)
  meter.count(recoverable(answer.error) ? slots.gaveUp : slots.failed, now)
  budget?.earn()
  return settled
}
