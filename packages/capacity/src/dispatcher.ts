import { err, ok, toHiveError, type HiveError, type Result } from '@hivekit/errors'
import PQueue from 'p-queue'
import type { Admission, Cost } from './admission.ts'
import { createBacklog, type Backlog } from './backlog.ts'
import type { Clock } from './clock.ts'
import { createDrainRate } from './drain-rate.ts'
import type { PermitOutcome } from './limit.ts'
import { RunningTask } from './running-task.ts'
import type { QueuedSubmission } from './submission.ts'

/** What waits because of one limit. */
export interface LimitWait {
  count: number
  oldestMs: number
}

/** What the dispatcher asks of its owner. */
export interface DispatcherOptions {
  readonly agingMs: number
  readonly concurrency: number
  readonly weight: (key: string) => number
  readonly admission: Admission
  readonly clock: Clock
  readonly costOf: (submission: QueuedSubmission) => Cost
  readonly attemptOf: (submission: QueuedSubmission) => number
  /** Does the work. It was marked as running. */
  readonly run: (task: RunningTask) => unknown
  /** Called when a task leaves the backlog to run. */
  readonly onStart: (task: RunningTask) => void
  /** Called when the work has ended and its permits were given back. */
  readonly onEnd: (task: RunningTask, result: Result<unknown, HiveError>) => void
  /** Called after each round of starts: there may be room for more. */
  readonly onRoom: () => void
}

/** Starts what waits as the limits admit it. */
export interface Dispatcher {
  readonly backlog: Backlog<QueuedSubmission>
  readonly enqueue: (submission: QueuedSubmission, key: string, priority: number, arrivalMs: number) => void
  /** Takes out what has not started. */
  readonly withdraw: (submission: QueuedSubmission) => void
  readonly reprioritise: (submission: QueuedSubmission, priority: number) => void
  /** What waits because of each limit, by its index, and since when the oldest work waits. O(n). */
  readonly waits: () => { readonly byLimit: readonly (LimitWait | undefined)[]; readonly oldestMs: number | undefined }
  /** Mean time between starts while work waits, and mean length of the work, in milliseconds; 0 while nothing is known. */
  readonly pace: () => { readonly intervalMs: number; readonly runMs: number }
  readonly paused: () => boolean
  readonly pause: () => void
  readonly resume: () => void
  /** Looks whether more can start; with a key, after a permit of that key was given back. */
  readonly wake: (key?: string) => void
  /** Stops timers; resolves when no task runs. */
  readonly close: () => Promise<void>
}

/** A lane gives the event loop a turn when it has held it for so long. */
const turnMs = 10

export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { admission, clock, concurrency, costOf, attemptOf, run, onStart, onEnd, onRoom } = options
  const window = new PQueue({ concurrency })
  const backlog = createBacklog<QueuedSubmission>(options.agingMs, options.weight)
  const rate = createDrainRate()
  let runMs = 0
  let paused = false
  /** Index of the limit that holds everybody, −1 when none did at the last look. */
  let heldBy = -1
  let pumpQueued = false
  let turnStartMs = 0
  let wakeAtMs = Infinity
  let cancelWake = (): void => {}

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
      const cost = costOf(submission)
      const waitMs = admission.take(key, cost, nowMs)
      if (waitMs === 0) {
        rate.started(nowMs, backlog.size > 1)
        const task = new RunningTask(submission, key, cost, nowMs, attemptOf(submission))
        backlog.serve(slot, typeof cost === 'number' ? cost : 1)
        submission.slot = -1
        submission.state = 'running'
        submission.work = task
        onStart(task)
        return task
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
    for (let task: RunningTask | undefined = first; task; ) {
      const { key, cost, startMs }: RunningTask = task
      let result: Result<unknown, HiveError>
      try {
        const answer = run(task)
        result = ok(isThenable(answer) ? await answer : answer)
      } catch (thrown) {
        result = err(toHiveError(thrown))
      }
      const nowMs = clock.now()
      runMs += (nowMs - startMs - runMs) * (runMs === 0 ? 1 : 0.05)
      admission.giveBack(key, cost, startMs, outcomeOf(result))
      backlog.unpark(key)
      onEnd(task, result)
      if (nowMs - turnStartMs > turnMs) {
        await new Promise(setImmediate)
        turnStartMs = clock.now()
      }
      task = next(nowMs)
      // What was given back may have room for more than one.
      if (cost !== 1 || task?.cost !== 1) schedulePump()
    }
    onRoom()
  }

  const pump = (): void => {
    pumpQueued = false
    turnStartMs = clock.now()
    while (window.pending < concurrency) {
      const task = next(turnStartMs)
      if (!task) break
      void window.add(() => lane(task))
    }
    onRoom()
  }

  const schedulePump = (): void => {
    if (pumpQueued || backlog.size === 0) return
    pumpQueued = true
    queueMicrotask(pump)
  }

  return {
    backlog,
    enqueue: (submission, key, priority, arrivalMs) => {
      submission.slot = backlog.push(submission, key, priority, arrivalMs)
      schedulePump()
    },
    withdraw: submission => {
      backlog.remove(submission.slot)
      submission.slot = -1
      schedulePump()
    },
    reprioritise: (submission, priority) => {
      backlog.reprioritise(submission.slot, priority)
      schedulePump()
    },
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
    pace: () => ({ intervalMs: rate.intervalMs(), runMs }),
    paused: () => paused,
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
    close: async () => {
      cancelWake()
      await window.onIdle()
    },
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** Overload of what the task called tells an adaptive limit something; a plain failure, often quick, does not. */
const outcomeOf = (result: Result<unknown, HiveError>): PermitOutcome => {
  if (result.isOk()) return 'ok'
  const { kind, code } = result.error
  return kind === 'throttled' || code === 'timeout' ? 'dropped' : 'ignored'
}
