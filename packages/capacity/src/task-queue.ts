import { err, HiveError, isHiveError, ok, type ErrorCode, type Result } from '@hivekit/errors'
import PQueue from 'p-queue'
import { createAbortWatch } from './abort-watch.ts'
import { expectCost, type Admission, type Cost } from './admission.ts'
import { createBacklog } from './backlog.ts'
import type { Emit } from './capacity-event.ts'
import type { Clock } from './clock.ts'
import { createDeadlines } from './deadlines.ts'
import { createDrainRate } from './drain-rate.ts'
import { expectKnown, expectNumber } from './expect.ts'
import type { PermitOutcome } from './limit.ts'
import type { RejectReason } from './report.ts'
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
  /** What it holds of `queue.maxBytes` while it waits. Default 0. */
  readonly bytes?: number
  /** Must have ended within so many milliseconds from now, above 0. What cannot be is refused at once; what is not has its signal aborted. */
  readonly deadlineMs?: number
  /** Cancels it, queued or running. */
  readonly signal?: AbortSignal
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
}

/** How many pieces of work there are in each state, since the capacity was made. */
export interface QueueCounts {
  /** Handed in: the sum of all below. */
  readonly submitted: number
  /** Ended well. */
  readonly done: number
  /** Ended in failure, a missed deadline included. */
  readonly failed: number
  /** Cancelled before it ended. */
  readonly cancelled: number
  /** Refused at the door. */
  readonly rejected: number
  /** Waiting. */
  readonly queued: number
  /** Being worked on. */
  readonly running: number
}

export interface TaskQueue {
  readonly submit: <T>(task: Task<T>, options?: SubmitOptions) => Submission<T>
  readonly counts: () => QueueCounts
  readonly bytes: () => number
  /** What waits because of each limit, by its index, and since when the oldest work waits. O(n). */
  readonly waits: () => { readonly byLimit: readonly (LimitWait | undefined)[]; readonly oldestMs: number | undefined }
  readonly bounds: { readonly maxTasks: number; readonly maxBytes: number }
  readonly rejectedBy: Record<RejectReason, number>
  readonly paused: () => boolean
  readonly expectedWaitMs: () => number
  readonly pause: () => void
  readonly resume: () => void
  /** Looks whether more can start: after a limit made room. */
  readonly wake: (key?: string) => void
  /** Resolves when nothing waits and nothing runs. */
  readonly idle: () => Promise<void>
  readonly close: () => Promise<void>
}

interface LimitWait {
  count: number
  oldestMs: number
}

/** Fields that few tasks have are kept beside the queue, not in it. */
interface Extras {
  readonly cost: Cost
  readonly bytes: number
  readonly stopWatching: (() => void) | undefined
}
const noExtras: Extras = { cost: 1, bytes: 0, stopWatching: undefined }

/** A lane gives the event loop a turn when it has held it for so long. */
const turnMs = 10

export const createTaskQueue = (
  options: QueueOptions,
  admission: Admission,
  clock: Clock,
  emit: Emit,
): TaskQueue => {
  expectKnown('queue', options, ['maxTasks', 'maxBytes', 'agingMs', 'concurrency', 'weight'])
  const maxTasks = expectNumber('queue.maxTasks', options.maxTasks ?? 10_000, 0)
  const maxBytes = expectNumber('queue.maxBytes', options.maxBytes ?? 64 * 2 ** 20, 0)
  const agingMs = expectNumber('queue.agingMs', options.agingMs ?? 30_000, Number.MIN_VALUE)
  const maxLanes = options.concurrency ?? Infinity
  const window = new PQueue({ concurrency: maxLanes })
  const backlog = createBacklog<QueuedSubmission>(agingMs, options.weight ?? (() => 1))
  const watch = createAbortWatch()
  const rate = createDrainRate()
  const extras = new Map<QueuedSubmission, Extras>()
  const counts = { submitted: 0, done: 0, failed: 0, cancelled: 0, rejected: 0 }
  const rejectedBy: Record<RejectReason, number> = { full: 0, deadline: 0, 'too-large': 0, closed: 0 }
  /** Index of the limit that holds everybody, −1 when none did at the last look. */
  let heldBy = -1
  let bytes = 0
  let running = 0
  let meanRunMs = 0
  let paused = false
  let closed = false
  let pumpQueued = false
  let turnStartMs = 0
  let wakeAtMs = Infinity
  let cancelWake = (): void => {}
  let idleWaiters: (() => void)[] = []

  const end = (submission: QueuedSubmission, key: string, state: EndState, result: Result<unknown, HiveError>): void => {
    counts[state]++
    if (extras.size > 0) {
      extras.get(submission)?.stopWatching?.()
      extras.delete(submission)
    }
    submission.settle(state, result)
    if (emit.heard) emit({ type: state, key, ...(result.isErr() ? { error: result.error } : {}) })
    if (idleWaiters.length > 0 && running === 0 && backlog.size === 0) for (const resolve of idleWaiters.splice(0)) resolve()
  }

  const interrupt = (submission: QueuedSubmission, error: HiveError, state: 'failed' | 'cancelled'): boolean => {
    if (submission.state === 'running') {
      // The caller hears now; the permit is given back when the task has really ended.
      const task = submission.work as RunningTask
      running--
      end(submission, task.key, state, err(error))
      task.abort(error)
      return true
    }
    if (submission.slot < 0) return false
    const key = backlog.keyOf(submission.slot)
    backlog.remove(submission.slot)
    submission.slot = -1
    bytes -= (extras.get(submission) ?? noExtras).bytes
    end(submission, key, state, err(error))
    schedulePump()
    return true
  }

  const owner: SubmissionOwner = {
    position: submission => backlog.position(submission.slot),
    expectedWaitMs: submission => backlog.position(submission.slot) * rate.intervalMs(),
    cancel: (submission, reason) => interrupt(submission, new HiveError('cancelled', reason ?? 'The work was cancelled.'), 'cancelled'),
    reprioritise: (submission, priority) => {
      if (submission.slot < 0) return false
      backlog.reprioritise(submission.slot, expectPriority(priority))
      schedulePump()
      return true
    },
  }

  const deadlines = createDeadlines<QueuedSubmission>(
    clock,
    submission => submission.state !== 'queued' && submission.state !== 'running',
    submission => void interrupt(submission, new HiveError('timeout', 'The deadline of the work passed.'), 'failed'),
  )

  const wakeAfter = (waitMs: number, nowMs: number): void => {
    if (nowMs + waitMs >= wakeAtMs) return
    cancelWake()
    wakeAtMs = nowMs + waitMs
    cancelWake = clock.after(waitMs, () => {
      wakeAtMs = Infinity
      backlog.unparkAll()
      pump()
    })
  }

  /** Takes the next task that the limits admit out of the backlog. */
  const next = (nowMs: number): RunningTask | undefined => {
    for (let slot = paused ? -1 : backlog.head(); slot >= 0; slot = backlog.head()) {
      const submission = backlog.item(slot)
      const key = backlog.keyOf(slot)
      const { cost, bytes: held } = extras.size === 0 ? noExtras : (extras.get(submission) ?? noExtras)
      const waitMs = admission.take(key, cost, nowMs)
      if (waitMs === 0) {
        rate.started(nowMs, backlog.size > 1)
        backlog.serve(slot, typeof cost === 'number' ? cost : 1)
        submission.slot = -1
        submission.state = 'running'
        bytes -= held
        running++
        return new RunningTask(submission, key, cost, nowMs, 1)
      }
      const limit = admission.limits[admission.binding()]!
      if (limit.freedBy === 'time' && waitMs < Infinity) wakeAfter(waitMs, nowMs)
      // A key at a limit of its own, or whose next task is above a lowered limit, holds up nobody else. Any other limit holds everybody,
      // in order, so that what is costly is not overtaken for ever by what is cheap.
      if (limit.perKey !== true && waitMs < Infinity) {
        heldBy = admission.binding()
        return undefined
      }
      backlog.park(slot, admission.binding())
    }
    heldBy = -1
    return undefined
  }

  /** Runs one task after another for as long as the limits let it: p-queue is asked once a lane, not once a task. */
  const lane = async (first: RunningTask): Promise<void> => {
    for (let started: RunningTask | undefined = first; started; ) {
      const { submission, key, cost, startMs }: RunningTask = started
      const work = submission.work as Task<unknown>
      submission.work = started
      if (emit.heard) emit({ type: 'started', key })
      let result: Result<unknown, HiveError>
      try {
        const answer = work(started)
        result = ok(isThenable(answer) ? await answer : answer)
      } catch (error) {
        result = err(asHiveError(error))
      }
      const nowMs = clock.now()
      meanRunMs += (nowMs - startMs - meanRunMs) * (meanRunMs === 0 ? 1 : 0.05)
      admission.giveBack(key, cost, startMs, outcomeOf(result))
      backlog.unpark(key)
      if (submission.state === 'running') {
        running--
        end(submission, key, result.isOk() ? 'done' : 'failed', result)
      }
      if (nowMs - turnStartMs > turnMs) {
        await new Promise(setImmediate)
        turnStartMs = clock.now()
      }
      started = next(nowMs)
      // What was given back may have room for more than one.
      if (cost !== 1 || started?.cost !== 1) schedulePump()
    }
  }

  const pump = (): void => {
    pumpQueued = false
    turnStartMs = clock.now()
    while (window.pending < maxLanes) {
      const started = next(turnStartMs)
      if (!started) return
      void window.add(() => lane(started))
    }
  }

  const schedulePump = (): void => {
    if (pumpQueued || backlog.size === 0) return
    pumpQueued = true
    queueMicrotask(pump)
  }

  /** Why work cannot come in, or `undefined`. */
  const refuse = (cost: Cost, size: number): HiveError | undefined => {
    if (closed) return reject('closed', 'unavailable', 'No more work is taken: the capacity was closed.')
    const never = cost === 1 ? undefined : admission.neverFits(cost)
    if (never !== undefined) return reject('too-large', 'too_large', `The limit "${never}" is lower than the cost of this work.`)
    if (size > maxBytes) return reject('too-large', 'too_large', `The queue holds ${maxBytes} bytes, this work has ${size}.`)
    if (backlog.size < maxTasks && bytes + size <= maxBytes) return undefined
    // Until a tenth of it has drained: one slot would be gone before the caller is back.
    const retryAfterMs = Math.ceil(Math.max(100, (rate.intervalMs() * backlog.size) / 10))
    return reject('full', 'capacity_exceeded', `The queue is full: ${backlog.size} tasks, ${bytes} bytes.`, retryAfterMs)
  }

  const reject = (reason: RejectReason, code: ErrorCode, message: string, retryAfterMs?: number): HiveError => {
    rejectedBy[reason]++
    return new HiveError(code, message, { ...(retryAfterMs === undefined ? {} : { retryAfterMs }), details: { reason } })
  }

  const submit = <T>(task: Task<T>, given: SubmitOptions = {}): Submission<T> => {
    if (typeof task !== 'function') throw new TypeError(`Expected task to be a function, got ${String(task)} (${typeof task}).`)
    const { key = '', priority = 0, cost = 1, bytes: size = 0, deadlineMs, signal } = given
    expectPriority(priority)
    if (cost !== 1) expectCost(cost)
    if (size !== 0) expectNumber('bytes', size, 0, Number.MAX_SAFE_INTEGER)
    if (deadlineMs !== undefined) expectNumber('deadlineMs', deadlineMs, Number.MIN_VALUE)
    const submission = new QueuedSubmission(owner, task)
    counts.submitted++
    if (signal?.aborted) {
      end(submission, key, 'cancelled', err(new HiveError('cancelled', 'The work was cancelled.', { cause: signal.reason })))
      return submission as Submission<T>
    }
    const refused = refuse(cost, size)
    if (refused) {
      end(submission, key, 'rejected', err(refused))
      return submission as Submission<T>
    }
    const nowMs = clock.now()
    submission.slot = backlog.push(submission, key, priority, nowMs)
    bytes += size
    if (deadlineMs !== undefined) {
      const expectedMs = backlog.roughPosition(submission.slot) * rate.intervalMs() + meanRunMs
      if (backlog.size > 1 && expectedMs > deadlineMs) {
        backlog.remove(submission.slot)
        submission.slot = -1
        bytes -= size
        const message = `The work cannot be done in ${Math.round(deadlineMs)} ms: it would take about ${Math.round(expectedMs)} ms.`
        const retryAfterMs = Math.ceil(expectedMs - deadlineMs)
        end(submission, key, 'rejected', err(reject('deadline', 'capacity_exceeded', message, retryAfterMs)))
        return submission as Submission<T>
      }
      deadlines.add(submission, nowMs + deadlineMs)
    }
    if (cost !== 1 || size !== 0 || signal) {
      const stopWatching =
        signal &&
        watch.add(signal, () => {
          interrupt(submission, new HiveError('cancelled', 'The work was cancelled.', { cause: signal.reason }), 'cancelled')
        })
      extras.set(submission, { cost, bytes: size, stopWatching })
    }
    if (emit.heard) emit({ type: 'queued', key })
    schedulePump()
    return submission as Submission<T>
  }

  return {
    submit,
    counts: () => ({ ...counts, queued: backlog.size, running }),
    bytes: () => bytes,
    waits: () => {
      const byLimit: (LimitWait | undefined)[] = []
      let oldestMs = Infinity
      backlog.each((arrivalMs, parkedFor) => {
        oldestMs = Math.min(oldestMs, arrivalMs)
        const limit = parkedFor < 0 ? heldBy : parkedFor
        if (limit < 0) return
        const wait = (byLimit[limit] ??= { count: 0, oldestMs: Infinity })
        wait.count++
        wait.oldestMs = Math.min(wait.oldestMs, arrivalMs)
      })
      return { byLimit, oldestMs: oldestMs === Infinity ? undefined : oldestMs }
    },
    bounds: { maxTasks, maxBytes },
    rejectedBy,
    paused: () => paused,
    expectedWaitMs: () => backlog.size * rate.intervalMs(),
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      schedulePump()
    },
    wake: key => {
      if (backlog.size === 0) return
      if (key === undefined) backlog.unparkAll()
      else backlog.unpark(key)
      schedulePump()
    },
    idle: () =>
      running === 0 && backlog.size === 0 ? Promise.resolve() : new Promise(resolve => idleWaiters.push(resolve)),
    close: async () => {
      closed = true
      for (const submission of backlog.order()) {
        interrupt(submission, new HiveError('cancelled', 'The capacity was closed.'), 'cancelled')
      }
      cancelWake()
      deadlines[Symbol.dispose]()
      await window.onIdle()
    },
  }
}

type EndState = 'done' | 'failed' | 'cancelled' | 'rejected'

const expectPriority = (priority: number): number => expectNumber('priority', priority, -Number.MAX_VALUE, Number.MAX_VALUE)

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const asHiveError = (error: unknown): HiveError => {
  if (isHiveError(error)) return error
  return new HiveError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}

/** Overload of what the task called tells an adaptive limit something; a plain failure, often quick, does not. */
const outcomeOf = (result: Result<unknown, HiveError>): PermitOutcome => {
  if (result.isOk()) return 'ok'
  const { kind, code } = result.error
  return kind === 'throttled' || code === 'timeout' ? 'dropped' : 'ignored'
}
