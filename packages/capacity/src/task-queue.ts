import { err, HiveError, type ErrorCode, type Result } from '@hivekit/errors'
import { createAbortWatch } from './abort-watch.ts'
import { expectCost, type Admission, type Cost } from './admission.ts'
import type { Emit } from './capacity-event.ts'
import type { Clock } from './clock.ts'
import { createDeadlines } from './deadlines.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { createDurableJobs, type DurableJobs } from './durable-jobs.ts'
import { expectKnown, expectNumber } from './expect.ts'
import { QueuedJob, type Job, type JobHandler } from './job.ts'
import type { DeadLetters, JobStore } from './job-store.ts'
import type { RejectReason } from './report.ts'
import { createRetryPolicy, type RetryOptions } from './retry-policy.ts'
import { RunningTask } from './running-task.ts'
import { QueuedSubmission, type Submission, type SubmissionOwner } from './submission.ts'
import type { TaskContext } from './task-context.ts'

/** Work to do, as a function. It lives and dies with this process. */
export type Task<T> = (context: TaskContext) => T | PromiseLike<T>

/** How work is handed in. */
export interface SubmitOptions {
  /** Who it is for: limits `per: 'key'` and fairness go by it. Default `''`. */
  readonly key?: string
  /** Higher starts sooner; one step is worth `agingMs` of waiting. Any finite number. Default 0. */
  readonly priority?: number
  /** What it takes of the limits while it runs. Default 1. */
  readonly cost?: Cost
  /** What it holds of `queue.maxBytes` while it waits. Default: the length of a job's payload, 0 for a function. */
  readonly bytes?: number
  /** Must have ended within so many milliseconds from now, above 0. What cannot be is refused at once; what is not has its signal aborted. */
  readonly deadlineMs?: number
  /** Cancels it, queued or running. */
  readonly signal?: AbortSignal
  /**
   * For jobs, where there is a store. `true`: written down before `admitted` answers. `false`: kept in memory while there is room there,
   * faster, and written down only when there is none, or when it fails and is worth another try. Default `true`.
   */
  readonly durable?: boolean
}

/** How work waits. */
export interface QueueOptions {
  /** The most tasks that wait in memory. Default 10,000. */
  readonly maxTasks?: number
  /** The most bytes that wait in memory, as the tasks state them. Default 64 MiB. */
  readonly maxBytes?: number
  /** How long waiting must last to weigh as much as one step of priority, and as one fair share; milliseconds, above 0. Default 30,000. */
  readonly agingMs?: number
  /** The most tasks that run at once out of the queue, beside what the limits say; a whole number, 1 or more. Default no bound. */
  readonly concurrency?: number
  /** The share of a key among the keys that wait, above 0. Default 1 each. */
  readonly weight?: (key: string) => number
  /** Where jobs are kept: {@link openJobStore}, or BullMQ. The caller opens it, and closes it after the capacity. */
  readonly store?: JobStore
  /** What does the jobs, by their names. */
  readonly handlers?: Readonly<Record<string, JobHandler>>
  /** What becomes of jobs that fail, where there is a store. */
  readonly retry?: RetryOptions
}

/** How many pieces of work there are in each state, since the capacity was made. */
export interface QueueCounts {
  /** Handed in, found in the store, or replayed from the dead letters: the sum of all below. */
  readonly submitted: number
  /** Ended well. */
  readonly done: number
  /** Ended in failure, a missed deadline included. */
  readonly failed: number
  /** Cancelled before it ended. */
  readonly cancelled: number
  /** Refused at the door. */
  readonly rejected: number
  /** Waiting, in memory or in the store. */
  readonly queued: number
  /** Being worked on. */
  readonly running: number
}

/** The door, and the counting, in front of the dispatcher and the store. */
export interface TaskQueue {
  readonly submit: <T>(work: Task<T> | Job, options?: SubmitOptions) => Submission<T>
  readonly counts: () => QueueCounts
  readonly stored: () => number
  readonly bytes: () => number
  readonly bounds: { readonly maxTasks: number; readonly maxBytes: number }
  readonly rejectedBy: Readonly<Record<RejectReason, number>>
  readonly expectedWaitMs: () => number
  readonly dispatcher: Dispatcher
  readonly dead: DeadLetters | undefined
  /** Resolves when nothing waits and nothing runs. */
  readonly idle: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Fields that few tasks have are kept beside the queue, not in it. */
interface Extras {
  readonly cost: Cost
  readonly bytes: number
  readonly stopWatching: (() => void) | undefined
}
const noExtras: Extras = { cost: 1, bytes: 0, stopWatching: undefined }

const optionNames = ['maxTasks', 'maxBytes', 'agingMs', 'concurrency', 'weight', 'store', 'handlers', 'retry'] as const

export const createTaskQueue = (options: QueueOptions, admission: Admission, clock: Clock, emit: Emit): TaskQueue => {
  expectKnown('queue', options, optionNames)
  const { store, handlers = {}, weight = () => 1 } = options
  const maxTasks = expectNumber('queue.maxTasks', options.maxTasks ?? 10_000, 0)
  const maxBytes = expectNumber('queue.maxBytes', options.maxBytes ?? 64 * 2 ** 20, 0)
  const agingMs = expectNumber('queue.agingMs', options.agingMs ?? 30_000, Number.MIN_VALUE)
  const concurrency = expectNumber('queue.concurrency', options.concurrency ?? Infinity, 1)
  const watch = createAbortWatch()
  const extras = new Map<QueuedSubmission, Extras>()
  const counts = { submitted: 0, done: 0, failed: 0, cancelled: 0, rejected: 0 }
  const rejectedBy: Record<RejectReason, number> = { full: 0, deadline: 0, 'too-large': 0, closed: 0 }
  let bytes = 0
  let running = 0
  let closed = false
  const idleWaiters: (() => void)[] = []

  const queued = (): number => dispatcher.backlog.size + (jobs?.shelved() ?? 0)

  const end = (submission: QueuedSubmission, key: string, state: EndState, result: Result<unknown, HiveError>): void => {
    counts[state]++
    if (extras.size > 0) {
      extras.get(submission)?.stopWatching?.()
      extras.delete(submission)
    }
    submission.settle(state, result)
    if (emit.heard) emit({ type: state, key, ...(result.isErr() ? { error: result.error } : {}) })
    if (idleWaiters.length > 0 && running === 0 && queued() === 0) for (const resolve of idleWaiters.splice(0)) resolve()
  }

  const interrupt = (submission: QueuedSubmission, error: HiveError, state: 'failed' | 'cancelled'): boolean => {
    const { work } = submission
    if (work instanceof RunningTask) {
      // The caller hears now; the permit is given back when the task has really ended.
      running--
      end(submission, work.key, state, err(error))
      work.abort(error)
      return true
    }
    if (submission.state !== 'queued') return false
    const key = withdraw(submission)
    if (work instanceof QueuedJob) jobs?.cancel(work, state === 'failed' ? error : undefined)
    end(submission, key, state, err(error))
    return true
  }

  /** Takes out of memory what waits there, and answers whose it was. */
  const withdraw = (submission: QueuedSubmission): string => {
    if (submission.slot < 0) return (submission.work as QueuedJob).key
    const key = dispatcher.backlog.keyOf(submission.slot)
    bytes -= (extras.get(submission) ?? noExtras).bytes
    dispatcher.withdraw(submission)
    return key
  }

  const owner: SubmissionOwner = {
    position: ({ slot }) => (slot >= 0 ? dispatcher.backlog.position(slot) : Math.max(0, queued() - 1)),
    expectedWaitMs: submission => owner.position(submission) * dispatcher.pace().intervalMs,
    written: ({ work }) => (work instanceof QueuedJob ? work.written : undefined),
    cancel: (submission, reason) => interrupt(submission, new HiveError('cancelled', reason ?? 'The work was cancelled.'), 'cancelled'),
    reprioritise: (submission, priority) => {
      expectPriority(priority)
      const { work, slot } = submission
      if (submission.state !== 'queued') return false
      if (slot < 0) jobs?.reprioritise(work as QueuedJob, priority)
      else {
        if (work instanceof QueuedJob) work.priority = priority
        dispatcher.reprioritise(submission, priority)
      }
      return true
    },
  }

  const dispatcher = createDispatcher({
    agingMs,
    concurrency,
    weight,
    admission,
    clock,
    costOf: submission => (extras.size === 0 ? 1 : (extras.get(submission)?.cost ?? 1)),
    attemptOf: ({ work }) => (work instanceof QueuedJob ? work.attempts + 1 : 1),
    onStart: ({ submission, work, key }) => {
      running++
      if (extras.size > 0) bytes -= (extras.get(submission) ?? noExtras).bytes
      if (work instanceof QueuedJob) jobs?.left(work)
      if (emit.heard) emit({ type: 'started', key })
    },
    run: task => {
      const work = task.work as Task<unknown> | QueuedJob
      if (!(work instanceof QueuedJob)) return work(task)
      return jobs ? jobs.run(work, task) : handlers[work.name]!(JSON.parse(work.payload), task)
    },
    onEnd: (task, result) => {
      const { submission, key, work } = task
      if (jobs && work instanceof QueuedJob) {
        endJob(jobs, task, work, result)
        return
      }
      if (submission.state !== 'running') return
      running--
      end(submission, key, result.isOk() ? 'done' : 'failed', result)
    },
    onRoom: () => jobs?.refill(),
  })

  /** Tries a job again, or tells how it went once that is written down. */
  const endJob = (jobs: DurableJobs, task: RunningTask, job: QueuedJob, result: Result<unknown, HiveError>): void => {
    const { submission, key } = task
    const { again, written } = jobs.ended(submission, job, result)
    if (again) {
      running--
      submission.state = 'queued'
      submission.work = job
      if (emit.heard) emit({ type: 'retrying', key, ...(result.isErr() ? { error: result.error } : {}) })
      return
    }
    const settle = (): void => {
      if (submission.state !== 'running') return
      running--
      end(submission, key, result.isOk() ? 'done' : 'failed', result)
    }
    void written.then(settle)
  }

  const keepExtras = (submission: QueuedSubmission, cost: Cost, size: number, stopWatching: (() => void) | undefined): void => {
    if (cost !== 1 || size !== 0 || stopWatching) extras.set(submission, { cost, bytes: size, stopWatching })
  }

  const jobs =
    store &&
    createDurableJobs({
      store,
      handlers,
      retry: createRetryPolicy(options.retry ?? {}),
      agingMs,
      weight,
      clock,
      emit,
      owner,
      headScore: dispatcher.backlog.headScore,
      isClosed: () => closed,
      onRecovered: count => {
        counts.submitted += count
      },
      enqueue: (submission, job) => {
        const size = extras.get(submission)?.bytes ?? Buffer.byteLength(job.payload)
        if (!extras.has(submission)) keepExtras(submission, job.cost, size, undefined)
        if (job.deadlineAtMs !== null) deadlines.add(submission, job.deadlineAtMs)
        bytes += size
        dispatcher.enqueue(submission, job.key, job.priority, job.submittedMs)
      },
      settle: (submission, job, state, error) => {
        if (state === 'rejected') rejectedBy.full++
        end(submission, job.key, state, err(error))
      },
    })

  const deadlines = createDeadlines<QueuedSubmission>(
    clock,
    submission => submission.state !== 'queued' && submission.state !== 'running',
    submission => void interrupt(submission, new HiveError('timeout', 'The deadline of the work passed.'), 'failed'),
  )

  /** Why work cannot come in at all, or `undefined`. */
  const refuse = (cost: Cost, size: number): HiveError | undefined => {
    if (closed) return reject('closed', 'unavailable', 'No more work is taken: the capacity was closed.')
    const never = cost === 1 ? undefined : admission.neverFits(cost)
    if (never !== undefined) return reject('too-large', 'too_large', `The limit "${never}" is lower than the cost of this work.`)
    if (size > maxBytes) return reject('too-large', 'too_large', `The queue holds ${maxBytes} bytes, this work has ${size}.`)
    return undefined
  }

  const hasRoom = (size: number): boolean => dispatcher.backlog.size < maxTasks && bytes + size <= maxBytes

  const reject = (reason: RejectReason, code: ErrorCode, message: string, retryAfterMs?: number): HiveError => {
    rejectedBy[reason]++
    return new HiveError(code, message, { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), details: { reason } })
  }

  const rejectFull = (): HiveError => {
    const { size } = dispatcher.backlog
    // Until a tenth of it has drained: one slot would be gone before the caller is back.
    const retryAfterMs = Math.ceil(Math.max(100, (dispatcher.pace().intervalMs * size) / 10))
    return reject('full', 'capacity_exceeded', `The queue is full: ${size} tasks, ${bytes} bytes.`, retryAfterMs)
  }

  /** Told early: what would end after its deadline if nothing changes is taken out again. */
  const refuseLate = (submission: QueuedSubmission, deadlineMs: number): HiveError | undefined => {
    const { backlog, pace } = dispatcher
    if (backlog.size <= 1) return undefined
    const { intervalMs, runMs } = pace()
    // A fifth more, since what is let in and ends late has cost a place for nothing.
    const expectedMs = backlog.roughPosition(submission.slot) * intervalMs * 1.2 + runMs
    if (expectedMs <= deadlineMs) return undefined
    withdraw(submission)
    const message = `The work cannot be done in ${Math.round(deadlineMs)} ms: it would take about ${Math.round(expectedMs)} ms.`
    return reject('deadline', 'capacity_exceeded', message, Math.ceil(expectedMs - deadlineMs))
  }

  const admit = (submission: QueuedSubmission, given: SubmitOptions): HiveError | undefined => {
    const { key = '', priority = 0, cost = 1, deadlineMs, signal, durable = true } = given
    const { work } = submission
    const job = work instanceof QueuedJob ? work : undefined
    const size = given.bytes ?? (job ? Buffer.byteLength(job.payload) : 0)
    const refused = refuse(cost, size)
    if (refused) return refused
    const shelve = jobs !== undefined && job !== undefined && (durable || !hasRoom(size))
    if (!shelve && !hasRoom(size)) return rejectFull()
    const nowMs = clock.now()
    const stopWatching =
      signal &&
      watch.add(signal, () => {
        interrupt(submission, new HiveError('cancelled', 'The work was cancelled.', { cause: signal.reason }), 'cancelled')
      })
    keepExtras(submission, cost, size, stopWatching)
    if (shelve) jobs.shelve(submission, job, 0)
    else {
      bytes += size
      dispatcher.enqueue(submission, key, priority, job?.submittedMs ?? nowMs)
      const late = deadlineMs === undefined ? undefined : refuseLate(submission, deadlineMs)
      if (late) return late
    }
    if (deadlineMs !== undefined) deadlines.add(submission, nowMs + deadlineMs)
    return undefined
  }

  const submit = <T>(work: Task<T> | Job, given: SubmitOptions = {}): Submission<T> => {
    const { key = '', priority = 0, cost = 1, deadlineMs, signal } = given
    expectPriority(priority)
    if (cost !== 1) expectCost(cost)
    if (given.bytes !== undefined) expectNumber('bytes', given.bytes, 0, Number.MAX_SAFE_INTEGER)
    if (deadlineMs !== undefined) expectNumber('deadlineMs', deadlineMs, Number.MIN_VALUE)
    const submission = new QueuedSubmission(owner, typeof work === 'function' ? work : jobOf(work, given))
    counts.submitted++
    if (signal?.aborted) {
      end(submission, key, 'cancelled', err(new HiveError('cancelled', 'The work was cancelled.', { cause: signal.reason })))
      return submission as Submission<T>
    }
    const refused = admit(submission, given)
    if (refused) end(submission, key, 'rejected', err(refused))
    else if (emit.heard) emit({ type: 'queued', key })
    return submission as Submission<T>
  }

  const jobOf = (job: Job, { key = '', priority = 0, cost = 1, deadlineMs }: SubmitOptions): QueuedJob => {
    const name: unknown = (job as Job | null)?.name
    if (typeof name !== 'string') throw new TypeError(`Expected a function or a job with a name, got ${JSON.stringify(job)}.`)
    if (!Object.hasOwn(handlers, name)) {
      throw new RangeError(`Expected a job with a handler, one of ${Object.keys(handlers).join(', ') || 'none'}, got ${JSON.stringify(name)}.`)
    }
    const payload = JSON.stringify(job.payload ?? null)
    const submittedMs = clock.now()
    return new QueuedJob({ name, payload, key, priority, cost, submittedMs, deadlineAtMs: deadlineMs === undefined ? null : submittedMs + deadlineMs })
  }

  const close = async (): Promise<void> => {
    closed = true
    const waiting = [...dispatcher.backlog.order(), ...(jobs?.waiting() ?? [])]
    for (const submission of waiting) {
      const { work } = submission
      const shelved = submission.slot < 0
      const key = withdraw(submission)
      const kept = jobs !== undefined && work instanceof QueuedJob
      if (kept && !shelved) jobs.keep(work)
      else if (kept) jobs.unshelve(work)
      const message = kept ? 'The capacity was closed; the job is kept in its store.' : 'The capacity was closed.'
      end(submission, key, 'cancelled', err(new HiveError(kept ? 'unavailable' : 'cancelled', message)))
    }
    deadlines[Symbol.dispose]()
    jobs?.close()
    await dispatcher.close()
    await jobs?.idle()
  }

  return {
    submit,
    counts: () => ({ ...counts, queued: queued(), running }),
    stored: () => jobs?.shelved() ?? 0,
    bytes: () => bytes,
    bounds: { maxTasks, maxBytes },
    rejectedBy,
    expectedWaitMs: () => queued() * dispatcher.pace().intervalMs,
    dispatcher,
    dead: jobs?.dead,
    idle: () => (running === 0 && queued() === 0 ? Promise.resolve() : new Promise(resolve => idleWaiters.push(resolve))),
    close,
  }
}

type EndState = 'done' | 'failed' | 'cancelled' | 'rejected'

const expectPriority = (priority: number): number => expectNumber('priority', priority, -Number.MAX_VALUE, Number.MAX_VALUE)
