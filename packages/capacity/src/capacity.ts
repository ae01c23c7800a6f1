import { createAdmission, type AcquireRequest, type Permit, type Refusal } from './admission.ts'
import type { CapacityEvent, Emit } from './capacity-event.ts'
import { systemClock, type Clock } from './clock.ts'
import type { Limit, LimitUsage } from './limit.ts'
import { createLimit, type LimitSpec } from './limit-spec.ts'
import type { MetricFamily, MetricSource } from './metric-source.ts'
import { createReporter, reportMetrics, type CapacityReport } from './report.ts'
import type { Submission } from './submission.ts'
import type { Job } from './job.ts'
import type { DeadLetters } from './job-store.ts'
import { createTaskQueue, type QueueCounts, type QueueOptions, type SubmitOptions, type Task } from './task-queue.ts'

/** What {@link createCapacity} is made of. */
export interface CapacityOptions {
  /** The limits, by names of your choosing. Work is admitted when every one of them agrees. */
  readonly limits: Readonly<Record<string, LimitSpec | Limit>>
  /** How work waits that cannot start yet. */
  readonly queue?: QueueOptions
  /** Where time comes from. Default: the computer. */
  readonly clock?: Clock
}

/** One admission decision over all limits, and the queue in front of it. */
export interface Capacity extends AsyncDisposable, MetricSource {
  /**
   * Asks to start something now. Synchronous, a fraction of a microsecond.
   * Work that waits in the queue is not favoured over the caller: use one or the other for the same limits, unless that is meant.
   */
  tryAcquire(request?: AcquireRequest): Permit | Refusal
  /**
   * Hands work in: it starts as soon as the limits admit it, in order of priority, age and fair share.
   * A function is work for this process; a job, `{ name, payload }`, is done by the handler of that name, and where there is a store it
   * outlives the process. It never starts before the caller's own code has run on. Throws `TypeError` or `RangeError` for options out of range.
   */
  submit<T>(work: Task<T> | Job, options?: SubmitOptions): Submission<T>
  /** Changes a limit as it runs: `setLimit('bots', { max: 5 })`. What runs already runs on. Throws `RangeError` for an unknown name. */
  setLimit(name: string, changes: Readonly<Record<string, unknown>>): void
  /** Describes one limit now. Throws `RangeError` for an unknown name. */
  usage(name: string): LimitUsage
  /** Describes everything: each limit, what binds, the queue. O(waiting work). Poll it once a second or less. */
  report(): CapacityReport
  /** The report as metrics, for an exporter. */
  collect(): Iterable<MetricFamily>
  /** How many pieces of work are in each state. The first is always the sum of the others. */
  counts(): QueueCounts
  /** How long work handed in now, with no priority, would wait, in milliseconds; 0 while nothing is known. */
  expectedWaitMs(): number
  /** The jobs that did not make it; `undefined` without a store. */
  readonly dead: DeadLetters | undefined
  /** Starts nothing more from the queue until `resume`. Work still comes in, and what runs runs on. */
  pause(): void
  /** Starts again after `pause`. */
  resume(): void
  /** Resolves when nothing waits and nothing runs; at once if that is so. Rejects with the reason of `signal`. */
  idle(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Calls back on every event until the answer is called. Listeners run synchronously and must not throw. */
  onEvent(listener: (event: CapacityEvent) => void): () => void
  /**
   * Takes no more work, and resolves when what runs has ended. What waits is cancelled, but for jobs where there is a store: those are
   * kept in it, and their callers told `unavailable`. Does not close the store.
   */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Joins named limits, and the queue in front of them, behind one decision.
 *
 * @example
 * ```ts
 * import { createCapacity } from '@hivekit/capacity'
 *
 * await using capacity = createCapacity({
 *   limits: {
 *     bots: { kind: 'concurrency', max: 10 },
 *     tasks: { kind: 'rate', perSecond: 50, burst: 100 },
 *     memory: { kind: 'memory', maxRatio: 0.9 },
 *   },
 * })
 *
 * const { admitted, done } = capacity.submit(() => 'hello', { key: 'tenant-1', priority: 5 })
 * const entry = await admitted // in the queue, with a position and an expected wait, or why not
 * const result = await done // Ok('hello')
 * ```
 */
export const createCapacity = (options: CapacityOptions): Capacity => {
  const clock = options.clock ?? systemClock
  const limits = new Map(Object.entries(options.limits).map(([name, spec]) => [name, createLimit(name, spec, clock)]))
  const listeners = new Set<(event: CapacityEvent) => void>()
  const emit: Emit = Object.assign(
    (event: CapacityEvent): void => {
      for (const listener of listeners) listener(event)
    },
    { heard: false },
  )
  const admission = createAdmission(limits, clock, key => queue.dispatcher.wake(key))
  const queue = createTaskQueue(options.queue ?? {}, admission, clock, emit)
  for (const limit of limits.values()) limit.onRoom?.(() => queue.dispatcher.wake())

  const report = createReporter(admission, queue, clock)

  const limitOf = (name: string): Limit => {
    const limit = limits.get(name)
    if (!limit) throw new RangeError(`Expected a limit among ${[...limits.keys()].join(', ')}, got ${JSON.stringify(name)}.`)
    return limit
  }

  return {
    tryAcquire: admission.tryAcquire,
    submit: queue.submit,
    setLimit: (name, changes) => {
      const limit = limitOf(name)
      if (!limit.set) throw new RangeError(`Expected a limit that can be changed, got ${JSON.stringify(name)}.`)
      limit.set(changes)
      emit({ type: 'limit', limit: name })
      queue.dispatcher.wake()
    },
    usage: name => limitOf(name).usage(clock.now()),
    report,
    collect: () => reportMetrics(report()),
    counts: queue.counts,
    expectedWaitMs: queue.expectedWaitMs,
    dead: queue.dead,
    pause: queue.dispatcher.pause,
    resume: queue.dispatcher.resume,
    idle: async ({ signal } = {}) => {
      signal?.throwIfAborted()
      if (!signal) return queue.idle()
      const { promise, reject } = Promise.withResolvers<never>()
      const onAbort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        await Promise.race([queue.idle(), promise])
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    onEvent: listener => {
      listeners.add(listener)
      emit.heard = true
      return () => {
        listeners.delete(listener)
        emit.heard = listeners.size > 0
      }
    },
    [Symbol.asyncDispose]: async () => {
      await queue.close()
      for (const limit of limits.values()) limit[Symbol.dispose]?.()
    },
  }
}
