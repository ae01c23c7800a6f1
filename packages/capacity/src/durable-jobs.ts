import { HiveError, toErrorJson, type Result } from '@hivekit/errors'
import type { Cost } from './admission.ts'
import type { Emit } from './capacity-event.ts'
import type { Clock } from './clock.ts'
import { QueuedJob, type JobHandler } from './job.ts'
import type { DeadLetters, JobEnding, JobStore, NewJob, StoredJob } from './job-store.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { RunningTask } from './running-task.ts'
import { QueuedSubmission, type SubmissionOwner } from './submission.ts'

/** What the durable side asks of the queue. */
export interface DurableJobsOptions {
  readonly store: JobStore
  readonly handlers: Readonly<Record<string, JobHandler>>
  readonly retry: RetryPolicy & { readonly maxAttempts: number }
  readonly agingMs: number
  readonly weight: (key: string) => number
  readonly clock: Clock
  readonly emit: Emit
  readonly owner: SubmissionOwner
  /** Puts a job that was shelved into the backlog. */
  readonly enqueue: (submission: QueuedSubmission, job: QueuedJob) => void
  /** Ends a piece of work for its caller. */
  readonly settle: (submission: QueuedSubmission, job: QueuedJob, state: 'failed' | 'rejected', error: HiveError) => void
  /** The score of what starts next from memory. */
  readonly headScore: () => number
  /** Counts work that came by another way than `submit`: from a process before this one, or out of the dead letters. */
  readonly onRecovered: (count: number) => void
  /** Whether a queue that is closed must no longer take anything off the shelf. */
  readonly isClosed: () => boolean
}

/** The part of the queue that is kept in a store. */
export interface DurableJobs {
  /** How much waits in the store and not in memory, being written included. */
  readonly shelved: () => number
  /** Writes a job down; it waits in the store until there is room. `dueMs` 0 is at once. */
  readonly shelve: (submission: QueuedSubmission, job: QueuedJob, dueMs: number) => void
  /** Takes jobs off the shelf if few of them wait in memory. */
  readonly refill: () => void
  /** A job that waited in memory does so no longer. */
  readonly left: (job: QueuedJob) => void
  readonly run: (job: QueuedJob, task: RunningTask) => Promise<unknown>
  /** Writes the end of a job down, or its next attempt. `again` is whether it will be tried again. */
  readonly ended: (submission: QueuedSubmission, job: QueuedJob, result: Result<unknown, HiveError>) => JobEnded
  /** Cancels a job that waits, here or there; or buries it, when it failed for good. */
  readonly cancel: (job: QueuedJob, dead: HiveError | undefined) => void
  readonly reprioritise: (job: QueuedJob, priority: number) => void
  /** Takes a job out of the count of the shelf. */
  readonly unshelve: (job: QueuedJob) => void
  /** The store's dead letters; a replay is waited for like work that was handed in. */
  readonly dead: DeadLetters
  /** Makes sure that a job which waits in memory is in the store when the process has gone. */
  readonly keep: (job: QueuedJob) => void
  /** The submissions that wait in the store. */
  readonly waiting: () => readonly QueuedSubmission[]
  /** Whether nothing is being written. */
  readonly idle: () => Promise<void>
  readonly close: () => void
}

interface JobEnded {
  readonly again: boolean
  readonly written: Promise<unknown>
}

/** So many jobs wait in memory after they were taken off the shelf, so that the lanes do not wait for the store. */
const ahead = 64
/** And so many more while what lies on the shelf is more urgent than all that waits in memory. */
const aheadUrgent = 1024
/** How often the shelf is looked at for jobs whose time has come, or that another process put there, in milliseconds. */
const pollMs = 1000

export const createDurableJobs = (options: DurableJobsOptions): DurableJobs => {
  const { store, handlers, retry, agingMs, weight, clock, emit, owner, enqueue, settle, headScore, onRecovered, isClosed } = options
  const known = new Map<string, QueuedSubmission>()
  /** How many jobs of a key and a priority the shelf holds. */
  const shelvedAlike = new Map<string, number>()
  /** Jobs on their way to the store. */
  const puts = new Set<Promise<unknown>>()
  /** Jobs whose end is on its way to the store. */
  const leaving = new Set<string>()
  const leftMeanwhile: string[] = []
  let shelved = 0
  /** How much of that was there before us and has not been taken off yet. */
  let unclaimed = 0
  let inMemory = 0
  let bestScore = Infinity
  let refilling = false
  let cancelPoll = (): void => {}
  const writing = new Set<Promise<unknown>>()

  /** The store's failures are told to listeners; what was asked for is then done again after a restart, which at-least-once allows. */
  const write = <T>(promise: Promise<T>): Promise<T | undefined> => {
    const told = promise.catch((error: unknown) => {
      emit({ type: 'store', error: error as HiveError })
      return undefined
    })
    writing.add(told)
    return told.finally(() => writing.delete(told))
  }

  const shelve = (submission: QueuedSubmission, job: QueuedJob, dueMs: number): void => {
    shelved++
    job.shelved = true
    // In the store there are no turns among keys, so a job is placed as many fair shares back as its key has such jobs there.
    const { priority } = job
    const before = countAlike(job, 1)
    const score = job.submittedMs + (before / weight(job.key) - priority) * agingMs
    const written = opened.then(() => store.put(rowOf(job, score, dueMs)))
    job.written = written
    const putting = write(
      written.then(result => {
        job.written = undefined
        if (result.isErr()) {
          unshelve(job)
          if (submission.state === 'queued') settle(submission, job, 'rejected', result.error)
          return
        }
        job.id = result.value
        if (submission.state !== 'queued') {
          return leave(job.id, { type: 'cancelled' })
        }
        known.set(job.id, submission)
        if (job.priority !== priority) writePriority(job)
        if (score < bestScore) bestScore = score
        refillAt(dueMs)
        return undefined
      }),
    )
    puts.add(putting)
    void putting.then(() => puts.delete(putting))
  }

  const reprioritise = (job: QueuedJob, priority: number): void => {
    countAlike(job, -1)
    job.priority = priority
    countAlike(job, 1)
    writePriority(job)
  }

  const writePriority = ({ id, submittedMs, priority }: QueuedJob): void => {
    if (id === undefined) return
    const score = submittedMs - priority * agingMs
    void write(store.reprioritise(id, priority, score))
    if (score < bestScore) bestScore = score
    refill()
  }

  const unshelve = (job: QueuedJob): void => {
    if (!job.shelved) return
    job.shelved = false
    shelved--
    countAlike(job, -1)
  }

  /** Counts jobs like this one on the shelf and answers how many there were. */
  const countAlike = ({ key, priority }: QueuedJob, by: 1 | -1): number => {
    const alike = `${priority} ${key}`
    const before = shelvedAlike.get(alike) ?? 0
    if (before + by > 0) shelvedAlike.set(alike, before + by)
    else shelvedAlike.delete(alike)
    return before
  }

  /** Ends a job that may be about to be handed over: until that has happened, it is known as one that left. */
  const leave = async (id: string, how: JobEnding): Promise<void> => {
    leaving.add(id)
    try {
      await store.end(id, how)
    } finally {
      if (refilling) leftMeanwhile.push(id)
      else leaving.delete(id)
    }
  }

  const refillAt = (dueMs: number): void => {
    const delayMs = dueMs - clock.now()
    if (delayMs <= 0) refill()
    else clock.after(delayMs, refill)
  }

  const refill = (): void => {
    if (refilling || shelved === 0 || isClosed()) return
    const most = bestScore < headScore() ? aheadUrgent : ahead
    if (inMemory >= most) return
    refilling = true
    bestScore = Infinity
    void write(takeOffShelf(Math.min(ahead, most - inMemory)))
  }

  const takeOffShelf = async (max: number): Promise<void> => {
    let taken: readonly StoredJob[] = []
    try {
      taken = await store.lease(max, clock.now())
      // The store may hand over what it has just been given, before we have heard under which id.
      await Promise.all(puts)
    } finally {
      refilling = false
    }
    for (const stored of taken) takeIn(stored)
    for (const id of leftMeanwhile.splice(0)) leaving.delete(id)
    if (taken.length === max) bestScore = Math.min(bestScore, taken.at(-1)!.score)
    if (bestScore < Infinity) refill()
    else if (shelved > 0) {
      cancelPoll()
      cancelPoll = clock.after(pollMs, refill)
    }
  }

  const left = (job: QueuedJob): void => {
    if (!job.leased) return
    job.leased = false
    inMemory--
  }

  const takeIn = (stored: StoredJob): void => {
    // Cancelled while the store was about to hand it over.
    if (leaving.has(stored.id)) return
    const submission = known.get(stored.id) ?? recover(stored)
    const job = submission.work as QueuedJob
    unshelve(job)
    if (isClosed()) return void write(store.giveBack(stored.id))
    const error = unfit(job)
    if (error) {
      known.delete(stored.id)
      settle(submission, job, 'failed', error)
      void write(store.end(stored.id, ending(error)))
      return
    }
    job.leased = true
    inMemory++
    enqueue(submission, job)
  }

  /** Why a job must not be started, if so. */
  const unfit = (job: QueuedJob): HiveError | undefined => {
    if (!Object.hasOwn(handlers, job.name)) return new HiveError('unsupported', `There is no handler named "${job.name}".`)
    if (job.deadlineAtMs !== null && job.deadlineAtMs <= clock.now()) return new HiveError('timeout', 'The deadline of the work passed.')
    if (job.attempts < retry.maxAttempts) return undefined
    return new HiveError('internal', `The job was started ${job.attempts} times and never came to an end: it may bring the process down.`)
  }

  const recover = (stored: StoredJob): QueuedSubmission => {
    const { id, attempts } = stored
    const job = Object.assign(new QueuedJob({ ...stored, cost: JSON.parse(stored.cost) as Cost }), { id, attempts, shelved: true })
    countAlike(job, 1)
    const submission = new QueuedSubmission(owner, job)
    if (unclaimed > 0) unclaimed--
    else {
      // Somebody else put it there: a dead letter that was replayed.
      shelved++
      onRecovered(1)
    }
    known.set(id, submission)
    return submission
  }

  const ending = (error: HiveError) => ({ type: 'dead', error: JSON.stringify(toErrorJson(error)), atMs: clock.now() }) as const

  const ended: DurableJobs['ended'] = (submission, job, result) => {
    const interrupted = submission.state !== 'running'
    const delayMs = result.isErr() && !interrupted ? retry(result.error, job.attempts) : undefined
    if (delayMs !== undefined) return { again: true, written: tryAgain(submission, job, clock.now() + delayMs) }
    const cancelled = submission.state === 'cancelled'
    if (job.id === undefined) {
      // It failed for good without ever having been written down: it belongs among the dead all the same.
      const lost = result.isErr() && !cancelled
      return { again: false, written: lost ? write(bury(job, result.error)) : Promise.resolve() }
    }
    known.delete(job.id)
    const how = cancelled ? ({ type: 'cancelled' } as const) : result.isOk() ? ({ type: 'done' } as const) : ending(result.error)
    return { again: false, written: write(store.end(job.id, how)) }
  }

  const tryAgain = async (submission: QueuedSubmission, job: QueuedJob, dueMs: number): Promise<void> => {
    if (job.id === undefined) return shelve(submission, job, dueMs)
    shelved++
    job.shelved = true
    countAlike(job, 1)
    await write(store.end(job.id, { type: 'retry', atMs: dueMs }))
    refillAt(dueMs)
  }

  const bury = async (job: QueuedJob, error: HiveError): Promise<void> => {
    const put = await store.put(rowOf(job, 0, Number.MAX_SAFE_INTEGER))
    if (put.isErr()) throw put.error
    await store.end(put.value, ending(error))
  }

  /** What was there before us is counted before anything is added to it. */
  const count = async (): Promise<void> => {
    const { waiting } = await store.counts()
    shelved += waiting
    unclaimed = waiting
    if (waiting > 0) onRecovered(waiting)
  }
  const opened = write(count())
  void opened.then(refill)

  return {
    shelved: () => shelved,
    shelve,
    refill,
    left,
    run: async (job, task) => {
      job.attempts++
      // Before it starts, so that a job that kills the process is found out.
      if (job.id !== undefined) await store.started(job.id)
      return handlers[job.name]!(JSON.parse(job.payload), task)
    },
    ended,
    cancel: (job, dead) => {
      unshelve(job)
      left(job)
      if (job.id === undefined) return
      const { id } = job
      known.delete(id)
      void write(leave(id, dead ? ending(dead) : { type: 'cancelled' }))
    },
    reprioritise,
    unshelve,
    dead: {
      ...store.dead,
      replay: async id => {
        const found = await store.dead.replay(id)
        if (found) {
          unclaimed++
          shelved++
          onRecovered(1)
          refill()
        }
        return found
      },
    },
    keep: job => {
      left(job)
      if (job.id !== undefined) void write(store.giveBack(job.id))
      else void write(store.put(rowOf(job, job.submittedMs - job.priority * agingMs, 0)))
    },
    waiting: () => [...known.values()].filter(submission => submission.state === 'queued' && submission.slot < 0),
    idle: async () => {
      while (writing.size > 0) await Promise.all(writing)
    },
    close: () => cancelPoll(),
  }
}

const rowOf = (job: QueuedJob, score: number, dueMs: number): NewJob => {
  const { name, payload, key, priority, submittedMs, deadlineAtMs, attempts } = job
  return { name, payload, key, priority, score, cost: JSON.stringify(job.cost), submittedMs, deadlineAtMs, dueMs, attempts }
}
