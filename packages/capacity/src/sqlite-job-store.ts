import { DatabaseSync } from 'node:sqlite'
import { err, HiveError, ok, type Result } from '@hivekit/errors'
import { expectNumber } from './expect.ts'
import type { DeadJob, JobCounts, JobEnding, JobStore, NewJob, StoredJob } from './job-store.ts'

/** What {@link openJobStore} is told. */
export interface JobStoreOptions {
  /** The database file; it is made if it is not there. One process at a time may have it open. */
  readonly file: string
  /** The most jobs that wait or run. Default 1,000,000. */
  readonly maxJobs?: number
  /** The most bytes of their payloads. Default 1 GiB. */
  readonly maxBytes?: number
}

const waiting = 0
const leased = 1
const dead = 2

const schema = `
  CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, state INTEGER NOT NULL, score REAL NOT NULL, due REAL NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    priority REAL NOT NULL, cost TEXT NOT NULL, attempts INTEGER NOT NULL, submitted REAL NOT NULL, deadline REAL,
    died REAL, error TEXT, payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS waiting_jobs ON jobs (score, id) WHERE state = ${waiting};
  CREATE INDEX IF NOT EXISTS dead_jobs ON jobs (id) WHERE state = ${dead};
  CREATE TABLE IF NOT EXISTS totals (id INTEGER PRIMARY KEY CHECK (id = 1), put INTEGER, done INTEGER, cancelled INTEGER, dead INTEGER) STRICT;
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0, 0, 0);
`
const columns = 'id, score, due AS dueMs, name, key, priority, cost, attempts, submitted AS submittedMs, deadline AS deadlineAtMs, payload'

type Row = Omit<StoredJob, 'id'> & { readonly id: number }

/** Something to do in the next transaction, and whom to tell once it is committed. */
interface Operation {
  readonly run: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * Opens the durable queue of one process: SQLite in the file you name. What is asked for within one turn of the event loop is committed
 * in one transaction, synced to disk, and only then answered. Jobs that were leased when the last process died wait again.
 * Throws `HiveError` `conflict` when another process has the file open, `data_corrupt` when it is not a database.
 *
 * @example
 * ```ts
 * import { createCapacity, openJobStore } from '@hivekit/capacity'
 *
 * await using store = openJobStore({ file: ':memory:' })
 * await using capacity = createCapacity({
 *   limits: { exports: { kind: 'concurrency', max: 2 } },
 *   queue: { store, handlers: { export: async payload => `exported ${String(payload)}` } },
 * })
 * const result = await capacity.submit({ name: 'export', payload: 's1' }).done // Ok('exported s1')
 * ```
 */
export const openJobStore = (options: JobStoreOptions): JobStore => {
  const maxJobs = expectNumber('maxJobs', options.maxJobs ?? 1_000_000, 1)
  const maxBytes = expectNumber('maxBytes', options.maxBytes ?? 2 ** 30, 1)
  const db = openDatabase(options.file)

  const insert = db.prepare(`
    INSERT INTO jobs (state, score, due, name, key, priority, cost, attempts, submitted, deadline, payload)
    VALUES (${waiting}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const due = db.prepare(`SELECT ${columns} FROM jobs WHERE state = ${waiting} AND due <= ? ORDER BY score, id LIMIT ?`)
  const setState = db.prepare('UPDATE jobs SET state = ?, due = ? WHERE id = ?')
  const attempt = db.prepare(`UPDATE jobs SET attempts = attempts + 1 WHERE id = ? AND state = ${leased}`)
  const remove = db.prepare(`DELETE FROM jobs WHERE id = ? AND state < ${dead} RETURNING octet_length(payload) AS bytes`)
  const bury = db.prepare(`UPDATE jobs SET state = ${dead}, died = ?, error = ? WHERE id = ? AND state < ${dead} RETURNING octet_length(payload) AS bytes`)
  const move = db.prepare(`UPDATE jobs SET priority = ?, score = ? WHERE id = ? AND state = ${waiting}`)
  const lives = db.prepare(`SELECT count(*) AS jobs, coalesce(sum(octet_length(payload)), 0) AS bytes FROM jobs WHERE state < ${dead}`)
  const byState = db.prepare(`SELECT count(*) FILTER (WHERE state = ${waiting}) AS waiting, count(*) FILTER (WHERE state = ${leased}) AS leased FROM jobs WHERE state < ${dead}`)
  const listDead = db.prepare(`SELECT ${columns}, died AS diedMs, error FROM jobs WHERE state = ${dead} AND id < ? ORDER BY id DESC LIMIT ?`)
  const revive = db.prepare(`UPDATE jobs SET state = ${waiting}, attempts = 0, due = 0, died = NULL, error = NULL WHERE id = ? AND state = ${dead} RETURNING octet_length(payload) AS bytes`)
  const forget = db.prepare(`DELETE FROM jobs WHERE id = ? AND state = ${dead}`)
  const saveTotals = db.prepare('UPDATE totals SET put = ?, done = ?, cancelled = ?, dead = ?')

  let totals = db.prepare('SELECT put, done, cancelled, dead FROM totals').get() as unknown as Omit<JobCounts, 'waiting' | 'leased'>
  let { jobs, bytes } = lives.get() as unknown as { jobs: number; bytes: number }
  let operations: Operation[] = []
  let closed = false

  const count = (total: keyof typeof totals): void => {
    totals = { ...totals, [total]: totals[total] + 1 }
  }
  const gone = (row: unknown): boolean => {
    if (row === undefined) return false
    jobs--
    bytes -= (row as { bytes: number }).bytes
    return true
  }

  const flush = (): void => {
    const batch = operations
    operations = []
    const before = { totals, jobs, bytes }
    const answers: unknown[] = []
    try {
      db.exec('BEGIN IMMEDIATE')
      for (const { run } of batch) answers.push(run())
      if (totals !== before.totals) saveTotals.run(totals.put, totals.done, totals.cancelled, totals.dead)
      db.exec('COMMIT')
    } catch (error) {
      ;({ totals, jobs, bytes } = before)
      if (db.isTransaction) db.exec('ROLLBACK')
      const failure = storeError(error)
      for (const { reject } of batch) reject(failure)
      return
    }
    for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as never)
  }

  const inNextTransaction = <T>(run: () => T): Promise<T> => {
    if (closed) return Promise.reject(new HiveError('unavailable', 'The job store was closed.'))
    return new Promise<T>((resolve, reject) => {
      if (operations.length === 0) setImmediate(flush)
      operations.push({ run, resolve, reject })
    })
  }

  const put = async (job: NewJob): Promise<Result<string, HiveError>> => {
    const size = Buffer.byteLength(job.payload)
    try {
      return await inNextTransaction(() => {
        if (jobs >= maxJobs || bytes + size > maxBytes) {
          return err(new HiveError('capacity_exceeded', `The job store is full: ${jobs} jobs, ${bytes} bytes.`, { retryAfterMs: 1000 }))
        }
        const { name, payload, key, priority, score, cost, submittedMs, deadlineAtMs, dueMs, attempts } = job
        const { lastInsertRowid } = insert.run(score, dueMs, name, key, priority, cost, attempts, submittedMs, deadlineAtMs, payload)
        jobs++
        bytes += size
        count('put')
        return ok(String(lastInsertRowid))
      })
    } catch (error) {
      return err(error as HiveError)
    }
  }

  const end = (id: string, ending: JobEnding): Promise<void> =>
    inNextTransaction(() => {
      const row = Number(id)
      if (ending.type === 'retry') setState.run(waiting, ending.atMs ?? 0, row)
      else if (ending.type === 'dead') {
        if (gone(bury.get(ending.atMs ?? 0, ending.error ?? '', row))) count('dead')
      } else if (gone(remove.get(row))) count(ending.type)
    })

  return {
    put,
    lease: (max, nowMs) =>
      inNextTransaction(() => {
        const rows = due.all(nowMs, max) as unknown as Row[]
        for (const { id, dueMs } of rows) setState.run(leased, dueMs, id)
        return rows.map(asJob)
      }),
    started: id => inNextTransaction(() => void attempt.run(Number(id))),
    end,
    giveBack: id => inNextTransaction(() => void setState.run(waiting, 0, Number(id))),
    reprioritise: (id, priority, score) => inNextTransaction(() => void move.run(priority, score, Number(id))),
    counts: () => inNextTransaction(() => ({ ...totals, ...(byState.get() as unknown as { waiting: number; leased: number }) })),
    dead: {
      list: ({ limit = 100, before } = {}) =>
        inNextTransaction(() =>
          (listDead.all(before === undefined ? Number.MAX_SAFE_INTEGER : Number(before), limit) as unknown as (Row & DeadJob)[]).map(asJob),
        ),
      replay: id =>
        inNextTransaction(() => {
          const row = revive.get(Number(id)) as { bytes: number } | undefined
          if (!row) return false
          jobs++
          bytes += row.bytes
          count('put')
          return true
        }),
      remove: id => inNextTransaction(() => forget.run(Number(id)).changes === 1),
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return
      if (operations.length > 0) await inNextTransaction(() => {})
      closed = true
      db.close()
    },
  }
}

const asJob = <R extends { readonly id: number }>(row: R): R & { readonly id: string } => ({ ...row, id: String(row.id) })

const openDatabase = (file: string): DatabaseSync => {
  try {
    // No shared memory file, no second process: what was leased and is not ours was leased by the dead.
    const db = new DatabaseSync(file, { timeout: 0 })
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
    db.exec(`BEGIN IMMEDIATE; ${schema}; UPDATE jobs SET state = ${waiting} WHERE state = ${leased}; COMMIT`)
    return db
  } catch (error) {
    throw storeError(error)
  }
}

/** The primary result codes of SQLite that mean something to a caller. */
const codes = { 5: 'conflict', 11: 'data_corrupt', 13: 'storage_full', 26: 'data_corrupt' } as const

const storeError = (error: unknown): HiveError => {
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string }
  const code = codes[((errcode ?? 0) & 0xff) as keyof typeof codes] ?? 'unavailable'
  const text = code === 'conflict' ? 'Another process has the job store open.' : `The job store cannot be written: ${message ?? 'unknown'}.`
  return new HiveError(code, text, { cause: error })
}
