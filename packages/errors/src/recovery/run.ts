import { toHiveError } from '../classification/to-hive-error.ts'
import { HiveError } from '../hive-error.ts'
import type { RecoveredBy } from '../metrics/error-events.ts'
import { slots } from '../metrics/event-counts.ts'
import { recoveredSlots } from '../metrics/operation-meter.ts'
import { err, Err, ok, Ok, type Result } from '../result.ts'
import { abortAttempt, createAttempt, type Attempt, type OngoingAttempt } from './attempt.ts'
import type { Breaker, Verdict } from './breaker.ts'
import type { RecoveryCore } from './recovery-core.ts'

/** One run as data; the functions below move it on, each to be called once its turn has come. */
export interface Run {
  readonly core: RecoveryCore
  readonly operation: (attempt: Attempt) => unknown
  readonly signal: AbortSignal | undefined
  readonly idempotent: boolean
  readonly key: string | undefined
  readonly breaker: Breaker | undefined
  readonly startedAt: number
  /** Settles the promise; undefined once that was done: a run has one outcome. */
  settle: ((result: Result<unknown, HiveError>) => void) | undefined
  /** Attempts begun, hedges included. */
  attempts: number
  /** Attempts begun because another took long. */
  hedges: number
  /** Attempts without an outcome: one, or more when hedging. */
  ongoing: OngoingAttempt | OngoingAttempt[] | undefined
  failedAt: number | undefined
  delayMs: number
  /** Ends the wait for a place, the backoff's end or a fallback; there is one at a time. */
  cancelWait: (() => void) | undefined
  cancelHedge: (() => void) | undefined
  onAbort: (() => void) | undefined
  holdsPlace: boolean
}

/** Takes a run from its start: cancelled already, waiting for a place, or to its first attempt. */
export const begin = (run: Run): void => {
  const { core, signal, startedAt } = run
  core.meter.count(slots.runs, startedAt)
  if (signal) {
    if (signal.aborted) return cancel(run)
    run.onAbort = () => cancel(run)
    signal.addEventListener('abort', run.onAbort)
  }
  core.budget?.earn()
  if (!core.bulkhead) return attempt(run, startedAt)
  const start = () => {
    run.cancelWait?.()
    run.cancelWait = undefined
    run.holdsPlace = true
    attempt(run, core.clock.now())
  }
  const entry = core.bulkhead.enter(start)
  if (entry === 'entered') {
    run.holdsPlace = true
    attempt(run, startedAt)
  } else if (entry === 'refused') {
    core.meter.count(slots.refusedByBulkhead, startedAt)
    core.meter.emit(startedAt, { type: 'refused', by: 'bulkhead' })
    giveUp(run, new HiveError('capacity_exceeded', `"${core.name}" has all the calls under way that it may have.`, { stack: 'sampled' }), startedAt)
  } else {
    const stop = core.deadlineMs === Number.POSITIVE_INFINITY ? undefined : core.clock.after(core.deadlineMs, () => {
      core.bulkhead!.forget(start)
      run.cancelWait = undefined
      giveUp(run, pastDeadline(run, 'transient'), core.clock.now())
    })
    run.cancelWait = () => {
      core.bulkhead!.forget(start)
      stop?.()
    }
  }
}

const attempt = (run: Run, now: number, previous?: HiveError): void => {
  const { core, breaker } = run
  const permit = breaker ? breaker.enter(now) : 1
  if (permit === 0) {
    core.meter.count(slots.refusedByBreaker, now)
    core.meter.emit(now, { type: 'refused', by: 'breaker' })
    // A hedge or a retry that is refused leaves the run with what it has.
    if (run.ongoing === undefined) giveUp(run, previous ?? core.refusal(breaker!, run.key, now).answer.error, now)
    return
  }
  const current = createAttempt(run, ++run.attempts, permit)
  if (run.ongoing === undefined) run.ongoing = current
  else run.ongoing = [run.ongoing, current].flat()
  core.meter.count(slots.attempts, now)
  startTimeout(current, now)
  if (core.hedge && run.idempotent) startHedge(run)
  try {
    const answer = run.operation(current)
    if (isThenable(answer)) answer.then(value => succeed(current, value), error => fail(current, error))
    else succeed(current, answer)
  } catch (error) {
    fail(current, error)
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const startTimeout = (current: OngoingAttempt, now: number): void => {
  const { core } = current.run
  const { timeouts } = core
  if (!timeouts) return
  const leftMs = current.run.startedAt + core.deadlineMs - now
  if (current.number === 1 && !(leftMs < timeouts.durationMs - 0.001)) timeouts.add(current, now)
  else if (core.attemptTimeoutMs === timeouts.durationMs && leftMs >= timeouts.durationMs) timeouts.add(current, now)
  else current.cancelTimeout = core.clock.after(Math.max(0, Math.min(leftMs, core.attemptTimeoutMs)), () => expire(current))
}

/** An attempt took too long, or all of them did. */
export const expire = (current: OngoingAttempt): void => {
  const { run } = current
  const { core } = run
  const isLast = core.clock.now() >= run.startedAt + core.deadlineMs - 0.001
  const error = isLast ? pastDeadline(run, 'ambiguous') : new HiveError('timeout', `"${core.name}" did not answer in ${core.attemptTimeoutMs} ms.`, {
    details: { attemptTimeoutMs: core.attemptTimeoutMs }, stack: 'sampled',
  })
  fail(current, error)
}

const pastDeadline = ({ core }: Run, kind: 'transient' | 'ambiguous') =>
  new HiveError('timeout', `"${core.name}" did not end in ${core.deadlineMs} ms.`, { kind, details: { deadlineMs: core.deadlineMs }, stack: 'sampled' })

const startHedge = (run: Run): void => {
  const { core } = run
  run.cancelHedge?.()
  run.cancelHedge = undefined
  if (run.hedges >= core.hedge!.maxHedges) return
  run.cancelHedge = core.clock.after(core.hedge!.delayMs, () => {
    run.cancelHedge = undefined
    const now = core.clock.now()
    if (core.budget && !core.budget.take(now, false)) return exhaust(run, now)
    run.hedges++
    core.meter.emit(now, { type: 'hedging', attempt: run.attempts + 1 })
    attempt(run, now)
  })
}

const exhaust = ({ core }: Run, now: number) => {
  core.meter.count(slots.budgetExhausted, now)
  core.meter.emit(now, { type: 'budget_exhausted' })
}

/** Gives an attempt its outcome, and says whether it had none. */
const conclude = (current: OngoingAttempt, verdict: Verdict, now?: number): boolean => {
  if (current.done) return false
  current.done = true
  const { run } = current
  if (current.queued) run.core.timeouts!.remove(current)
  else current.cancelTimeout?.()
  if (run.ongoing === current) run.ongoing = undefined
  else if (Array.isArray(run.ongoing)) {
    const rest = run.ongoing.filter(other => other !== current)
    run.ongoing = rest.length === 0 ? undefined : rest
  }
  run.breaker?.leave(current.permit, verdict, now)
  return true
}

const succeed = (current: OngoingAttempt, answer: unknown): void => {
  if (current.done) return
  if (answer instanceof Err) return fail(current, answer.error)
  const { run } = current
  const { core } = run
  conclude(current, 'success', run.startedAt)
  const result: Result<unknown, HiveError> = answer instanceof Ok ? answer : ok(answer)
  if (core.lastGood && run.key !== undefined) core.lastGood.set(run.key, { value: (result as Ok<unknown, never>).value, at: core.clock.now() })
  if (run.failedAt !== undefined) recovered(run, 'retry')
  else if (run.hedges > 0 && current.number > 1) recovered(run, 'hedge')
  else core.meter.count(slots.succeeded, run.startedAt)
  finish(run, result)
}

const fail = (current: OngoingAttempt, thrown: unknown): void => {
  if (current.done) return
  const { run } = current
  const { core } = run
  const error = toHiveError(thrown, core)
  const now = core.clock.now()
  conclude(current, verdictOf(error), now)
  abortAttempt(current, error)
  core.meter.count(slots.ofCode[error.code], now)
  core.meter.count(slots.ofKind[error.kind], now)
  if (core.meter.isHeard()) core.meter.emit(now, { type: 'failed', code: error.code, kind: error.kind, attempt: current.number })
  run.failedAt ??= now
  // Another attempt may still answer.
  if (run.ongoing !== undefined && now < run.startedAt + core.deadlineMs - 0.001) return
  run.cancelHedge?.()
  run.cancelHedge = undefined
  retryOrGiveUp(run, error, now)
}

/** What refuses for a reason of its own is alive; what was cancelled or is our own fault says nothing. */
const verdictOf = ({ kind, code }: HiveError): Verdict => {
  if (kind === 'permanent') return code === 'cancelled' ? 'neutral' : 'success'
  return kind === 'bug' ? 'neutral' : 'failure'
}

const retryOrGiveUp = (run: Run, error: HiveError, now: number): void => {
  const { core } = run
  if (run.attempts - run.hedges >= core.maxAttempts || !mayRepeat(run, error)) return giveUp(run, error, now)
  const delayMs = Math.max(core.backoff(run.attempts - run.hedges, run.delayMs), error.retryAfterMs ?? 0)
  // What could only start after the deadline is not worth waiting for.
  if (now + delayMs >= run.startedAt + core.deadlineMs) return giveUp(run, error, now)
  const afterTimeout = error.code === 'timeout'
  if (core.budget && !core.budget.take(now, afterTimeout)) {
    exhaust(run, now)
    return giveUp(run, error, now)
  }
  run.delayMs = delayMs
  if (core.meter.isHeard()) core.meter.emit(now, { type: 'retrying', attempt: run.attempts + 1, delayMs })
  if (delayMs === 0) return attempt(run, now, error)
  const stop = core.clock.after(delayMs, () => {
    run.cancelWait = undefined
    attempt(run, core.clock.now(), error)
  })
  run.cancelWait = () => {
    stop()
    core.budget?.refund(afterTimeout)
  }
}

const mayRepeat = (run: Run, { kind }: HiveError) =>
  kind === 'transient' || kind === 'throttled' || (kind === 'ambiguous' && run.idempotent)

/** Nothing more to be had from the operation: a fallback, the last good value, or the error. */
const giveUp = (run: Run, error: HiveError, now: number): void => {
  const { core } = run
  run.failedAt ??= now
  abortOngoing(run, error)
  if (core.recoverable(error)) return fallBack(run, error, 0, now)
  core.meter.count(slots.failed, now)
  core.meter.emit(now, { type: 'error', code: error.code, attempts: run.attempts })
  finish(run, err(error))
}

const fallBack = (run: Run, error: HiveError, index: number, now: number): void => {
  const { core } = run
  const fallback = core.fallbacks[index]
  const leftMs = run.startedAt + core.deadlineMs - now
  if (!fallback || leftMs <= 0.001) return degrade(run, error, now)
  const controller = new AbortController()
  let isOver = false
  const once = (next: () => void) => {
    if (isOver) return
    isOver = true
    stop?.()
    run.cancelWait = undefined
    if (run.settle) next()
  }
  const stop = leftMs === Number.POSITIVE_INFINITY ? undefined : core.clock.after(leftMs, () => {
    once(() => degrade(run, error, core.clock.now()))
    controller.abort(pastDeadline(run, 'ambiguous'))
  })
  run.cancelWait = () => {
    once(() => {})
    controller.abort(run.signal?.reason)
  }
  const take = (answer: unknown) =>
    once(() => {
      if (answer instanceof Err) return fallBack(run, error, index + 1, core.clock.now())
      recovered(run, 'fallback')
      finish(run, answer instanceof Ok ? answer : ok(answer))
    })
  const next = () => once(() => fallBack(run, error, index + 1, core.clock.now()))
  try {
    const answer = fallback(error, { key: run.key, signal: controller.signal })
    if (isThenable(answer)) answer.then(take, next)
    else take(answer)
  } catch {
    next()
  }
}

const degrade = (run: Run, error: HiveError, now: number): void => {
  const { core } = run
  const last = run.key === undefined ? undefined : core.lastGood?.get(run.key)
  if (last && now - last.at <= core.maxAgeMs) {
    recovered(run, 'degrade')
    return finish(run, Object.assign(ok(last.value), { staleMs: now - last.at }))
  }
  core.meter.count(slots.gaveUp, now)
  core.meter.emit(now, { type: 'gave_up', code: error.code, attempts: run.attempts })
  finish(run, err(error))
}

const recovered = (run: Run, by: RecoveredBy): void => {
  const { core } = run
  const now = core.clock.now()
  const afterMs = now - (run.failedAt ?? now)
  core.meter.count(recoveredSlots[by], now)
  core.meter.recovered(afterMs)
  if (core.meter.isHeard()) core.meter.emit(now, { type: 'recovered', by, attempts: run.attempts, afterMs })
}

const cancel = (run: Run): void => {
  const { core, signal } = run
  const now = core.clock.now()
  const error = new HiveError('cancelled', `"${core.name}" was cancelled.`, { cause: signal?.reason, stack: 'sampled' })
  core.meter.count(slots.cancelled, now)
  core.meter.emit(now, { type: 'cancelled' })
  abortOngoing(run, signal?.reason ?? error)
  run.cancelWait?.()
  run.cancelWait = undefined
  finish(run, err(error))
}

const abortOngoing = (run: Run, reason: unknown): void => {
  run.cancelHedge?.()
  run.cancelHedge = undefined
  if (run.ongoing === undefined) return
  for (const current of [run.ongoing].flat()) {
    conclude(current, 'neutral')
    abortAttempt(current, reason)
  }
}

const finish = (run: Run, result: Result<unknown, HiveError>): void => {
  const { settle } = run
  if (!settle) return
  run.settle = undefined
  if (run.ongoing !== undefined || run.cancelHedge) abortOngoing(run, superseded)
  if (run.onAbort) run.signal!.removeEventListener('abort', run.onAbort)
  if (run.holdsPlace) run.core.bulkhead!.leave()
  settle(result)
}

const superseded = new HiveError('cancelled', 'Another attempt was faster.', { stack: 'none' })
