import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { WriteOp } from '../engine.ts'
import { createWriteApplier, type WriteOutcome } from '../sqlite/apply-write.ts'
import type { DatabaseFile } from '../sqlite/commit-queue.ts'
import { describeFailure } from '../sqlite/failure.ts'
import { migrate } from '../sqlite/schema.ts'

/*
 * The thread that writes. It takes a batch of changes at a time and commits them together: one fsync for all, which
 * blocks nobody but this thread.
 */

const port = parentPort!
const { path, busyTimeoutMs, maxDatabaseBytes } = workerData as DatabaseFile

const openDatabase = () => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON')
  db.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768')
  migrate(db)
  if (maxDatabaseBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxDatabaseBytes / 4096))}`)
  return db
}

const serve = (db: DatabaseSync) => {
  const apply = createWriteApplier(db)

  const commit = (ops: readonly WriteOp[]): WriteOutcome[] => {
    db.exec('BEGIN IMMEDIATE')
    try {
      const outcomes = ops.map(apply)
      db.exec('COMMIT')
      return outcomes
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  port.on('message', (message: readonly WriteOp[] | 'close') => {
    if (message === 'close') {
      db.close()
      port.close()
      return
    }
    const began = performance.now()
    let outcomes: WriteOutcome[]
    try {
      outcomes = commit(message)
    } catch (error) {
      // One bad change must not take its neighbours with it: try each alone. If the disk is full, each will say so.
      outcomes = message.length === 1 ? [{ failure: describeFailure(error) }] : message.map(op => {
        try {
          return commit([op])[0]!
        } catch (alone) {
          return { failure: describeFailure(alone) }
        }
      })
    }
    port.postMessage({ outcomes, tookMs: performance.now() - began })
  })
  port.postMessage('ready')
}

try {
  serve(openDatabase())
} catch (error) {
  port.postMessage({ failure: describeFailure(error) })
  port.close()
}
