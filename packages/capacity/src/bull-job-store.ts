import { randomUUID } from 'node:crypto'
import { err, HiveError, ok, type Result } from '@hivekit/errors'
import { Queue, Worker, type ConnectionOptions, type Job } from 'bullmq'
import { expectNumber } from './expect.ts'
import type { DeadJob, JobCounts, JobEnding, JobStore, NewJob, StoredJob } from './job-store.ts'

/** What is used of an ioredis client beside what BullMQ does with it. */
export interface BullClient {
  /** Adds to a field of a hash. */
  hincrby(key: string, field: string, by: number): Promise<unknown>
  /** Reads a hash. */
  hgetall(key: string): Promise<Record<string, string>>
  /** Makes another connection like this one. */
  duplicate(): unknown
}

/** What {@link openBullJobStore} is told. */
export interface BullJobStoreOptions {
  /**
   * An ioredis client with `maxRetriesPerRequest: null`, as BullMQ wants it; its owner closes it. Use a Redis that persists
   * (`appendonly yes`) and does not evict.
   */
  readonly client: BullClient
  /** The name of the queue. One capacity at a time takes jobs from it. */
  readonly name: string
  /** BullMQ's prefix of keys. Default `bull`. */
  readonly prefix?: string
  /** The most jobs that wait or run. Default 1,000,000. */
  readonly maxJobs?: number
  /** A job whose holder has not been heard of for so long waits again, in milliseconds; 1,000 or more. Default 30,000. */
  readonly lockMs?: number
}

type Stored = NewJob
type Dead = Omit<DeadJob, 'id'> & { readonly jobId: string }
type Total = 'put' | 'done' | 'cancelled' | 'dead'


/** BullMQ's priorities are whole numbers up to 2²¹, the lowest first. Ours are centred, and kept to thousandths. */
const bullPriority = (priority: number): number => Math.min(2_097_151, Math.max(1, Math.round(1_000_000 - priority * 1000)))
const longestDelayMs = 10 * 365 * 86_400_000

/**
 * Keeps jobs in BullMQ, where its dashboards see them. Waiting jobs go by priority, then by arrival: BullMQ has no aging, so the order by
 * score holds only for the jobs that were taken into memory. Dead letters are in a second queue, `<name>-dead`.
 *
 * @example
 * ```ts
 * import { createCapacity } from '@hivekit/capacity'
 * import { openBullJobStore } from '@hivekit/capacity/bullmq'
 * import { Redis } from 'ioredis'
 *
 * const store = openBullJobStore({ client: new Redis({ maxRetriesPerRequest: null }), name: 'exports' })
 * const capacity = createCapacity({ limits: {}, queue: { store, handlers: { export: payload => payload } } })
 * ```
 */
export const openBullJobStore = (options: BullJobStoreOptions): JobStore => {
  const { client, name, prefix = 'bull' } = options
  const maxJobs = expectNumber('maxJobs', options.maxJobs ?? 1_000_000, 1)
  const lockMs = expectNumber('lockMs', options.lockMs ?? 30_000, 1000)
  const shared = { connection: client as unknown as ConnectionOptions, prefix }
  const queue = new Queue<Stored>(name, { ...shared, defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 } })
  const graves = new Queue<Dead>(`${name}-dead`, shared)
  // How often a job may be found without its holder is judged by its attempts, not by BullMQ.
  const worker = new Worker<Stored>(name, null, { ...shared, autorun: false, lockDuration: lockMs, stalledInterval: lockMs, maxStalledCount: 1e6 })
  // Failures reach the caller by what was called; without a listener they would be thrown too.
  queue.on('error', () => {})
  graves.on('error', () => {})
  worker.on('error', () => {})
  const totals = `${prefix}:${name}:totals`
  const leased = new Map<string, { readonly job: Job<Stored>; readonly token: string }>()
  let closed = false

  const renew = setInterval(() => {
    for (const { job, token } of leased.values()) void job.extendLock(token, lockMs).catch(() => {})
  }, lockMs / 3).unref()
  const open = async (): Promise<number> => {
    await worker.waitUntilReady()
    await worker.startStalledCheckTimer()
    return count()
  }
  const count = async (): Promise<number> => {
    const { waiting = 0, active = 0, delayed = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized')
    return waiting + active + delayed + prioritized
  }
  let live = 0
  const opened = open().then(found => {
    live = found
    return undefined
  })
  opened.catch(() => {})

  /** Turns whatever goes wrong between here and Redis into an error of ours. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) throw new HiveError('unavailable', 'The job store was closed.')
    try {
      await opened
      return await work()
    } catch (error) {
      throw new HiveError('unavailable', `The job store does not answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  const add = async (total: Total, by = 1): Promise<void> => void (await client.hincrby(totals, total, by))

  const put = async (row: NewJob): Promise<Result<string, HiveError>> => {
    try {
      return await guarded(async () => {
        if (live >= maxJobs) return err(new HiveError('capacity_exceeded', `The job store is full: ${live} jobs.`, { retryAfterMs: 1000 }))
        live++
        const delay = Math.min(longestDelayMs, Math.max(0, row.dueMs - Date.now()))
        const job = await queue.add(row.name, row, { priority: bullPriority(row.priority), delay })
        await add('put')
        return ok(job.id!)
      })
    } catch (error) {
      return err(error as HiveError)
    }
  }

  const lease = async (): Promise<StoredJob | undefined> => {
    const token = randomUUID()
    const job = (await worker.getNextJob(token, { block: false })) as Job<Stored> | undefined
    if (!job) return undefined
    leased.set(job.id!, { job, token })
    return { ...job.data, id: job.id! }
  }

  /** Takes a job out of BullMQ, whatever state it is in. Answers whether it was there. */
  const takeOut = async (id: string): Promise<boolean> => {
    const held = leased.get(id)
    leased.delete(id)
    if (held) await held.job.moveToCompleted(undefined, held.token, false)
    else if (!(await removeFrom(queue, id))) return false
    live--
    return true
  }

  const bury = async (id: string, error: string, diedMs: number): Promise<void> => {
    const job = leased.get(id)?.job ?? ((await queue.getJob(id)) as Job<Stored> | undefined)
    if (!job) return
    // First among the dead, then gone: a crash between leaves a job that is tried once more, not one that is lost.
    await graves.add(job.name, { ...job.data, error, diedMs, jobId: id }, { jobId: `dead-${id}` })
    if (await takeOut(id)) await add('dead')
  }

  const end = (id: string, ending: JobEnding): Promise<void> =>
    guarded(async () => {
      if (ending.type === 'dead') return bury(id, ending.error ?? '', ending.atMs ?? 0)
      if (ending.type !== 'retry') {
        if (await takeOut(id)) await add(ending.type)
        return
      }
      const held = leased.get(id)
      leased.delete(id)
      await held?.job.moveToDelayed(Math.min(ending.atMs ?? 0, Date.now() + longestDelayMs), held.token)
    })

  const allDead = async (): Promise<DeadJob[]> => {
    const jobs = await graves.getWaiting(0, -1)
    return jobs
      .map(({ data: { jobId, ...row } }) => ({ ...row, id: jobId }))
      .toSorted((a, b) => Number(b.id) - Number(a.id))
  }

  return {
    put,
    end,
    lease: max =>
      guarded(async () => {
        const jobs: StoredJob[] = []
        while (jobs.length < max) {
          const job = await lease()
          if (!job) break
          jobs.push(job)
        }
        return jobs
      }),
    started: id =>
      guarded(async () => {
        const job = leased.get(id)?.job
        if (job) await job.updateData({ ...job.data, attempts: job.data.attempts + 1 })
      }),
    giveBack: id =>
      guarded(async () => {
        const held = leased.get(id)
        leased.delete(id)
        await held?.job.moveToWait(held.token)
      }),
    reprioritise: (id, priority, score) =>
      guarded(async () => {
        const job = (await queue.getJob(id)) as Job<Stored> | undefined
        if (!job || leased.has(id)) return
        await job.updateData({ ...job.data, priority, score })
        await job.changePriority({ priority: bullPriority(priority) })
      }),
    counts: () =>
      guarded(async (): Promise<JobCounts> => {
        const [all, { active = 0 }, saved] = await Promise.all([count(), queue.getJobCounts('active'), client.hgetall(totals)])
        const total = (field: Total): number => Number(saved[field] ?? 0)
        return {
          put: total('put'),
          waiting: all - active,
          leased: active,
          done: total('done'),
          cancelled: total('cancelled'),
          dead: total('dead'),
        }
      }),
    dead: {
      list: ({ limit = 100, before } = {}) =>
        guarded(async () => (await allDead()).filter(job => before === undefined || Number(job.id) < Number(before)).slice(0, limit)),
      replay: id =>
        guarded(async () => {
          const grave = (await graves.getJob(`dead-${id}`)) as Job<Dead> | undefined
          if (!grave) return false
          const { jobId: _, error: _error, diedMs: _diedMs, ...row } = grave.data
          const again = await put({ ...row, attempts: 0, dueMs: 0 })
          if (again.isErr()) throw again.error
          return removeFrom(graves, `dead-${id}`)
        }),
      remove: id => guarded(() => removeFrom(graves, `dead-${id}`)),
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return
      closed = true
      clearInterval(renew)
      await opened.catch(() => {})
      await Promise.all([worker.close(true), queue.close(), graves.close()])
    },
  }
}

/** BullMQ says that it removed what was never there, so it is looked for first. */
const removeFrom = async (queue: Pick<Queue, 'getJob' | 'remove'>, id: string): Promise<boolean> =>
  (await queue.getJob(id)) !== undefined && (await queue.remove(id)) === 1
