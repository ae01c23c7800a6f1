import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { createColdParts } from '../archive/archive-file.ts'
import type { WriteOp } from '../engine.ts'
import { createWriteApplier, type WriteOutcome } from '../sqlite/apply-write.ts'
import type { DatabaseFile } from '../sqlite/commit-queue.ts'
import { describeFailure } from '../sqlite/failure.ts'
import { openMessageIndex } from '../sqlite/message-index.ts'
import { migrate } from '../sqlite/schema.ts'

/*
 * The thread that writes. It takes a batch of changes at a time and commits them together: one fsync for all, which
 * blocks nobody but this thread.
 */

const port = parentPort!
const { path, busyTimeoutMs, maxDatabaseBytes, archiveFolder } = workerData as DatabaseFile

const openDatabase = () => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  // Messages of some hundred bytes leave less of a larger page unused. It holds for files that are new.
  db.exec('PRAGMA page_size = 8192')
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON')
  db.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768')
  migrate(db)
  if (maxDatabaseBytes !== undefined) {
    const { page_size } = db.prepare('PRAGMA page_size').get() as { page_size: number }
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxDatabaseBytes / page_size))}`)
  }
  return db
}

/** Messages wait for the index until so many have gathered, */
const indexBatch = 500
/** or nothing was written for so long. */
const indexIdleMs = 250

const serve = (db: DatabaseSync) => {
  const index = openMessageIndex(db, createColdParts(archiveFolder))
  const apply = createWriteApplier(db, index)
  let idle: NodeJS.Timeout | undefined
  let closed = false

  /** Indexing many messages at once costs a fraction of indexing each as it comes, and a search asks for it first. */
  const tidy = () => {
    const waiting = index.waiting()
    try {
      if (waiting >= indexBatch) commit([{ kind: 'index', most: indexBatch }])
    } catch {
      // A full or locked disk: they go on waiting, and the writes themselves say what is wrong.
    }
    if (waiting > 0 && waiting < indexBatch) idle ??= setTimeout(catchUp, indexIdleMs).unref()
    else if (waiting >= indexBatch) idle ??= setTimeout(catchUp, 0).unref()
  }
  const catchUp = () => {
    idle = undefined
    try {
      const [outcome] = commit([{ kind: 'index', most: indexBatch }])
      if (outcome && 'value' in outcome && (outcome.value as { left: number }).left > 0) idle = setTimeout(catchUp, 0).unref()
    } catch {
      idle = setTimeout(catchUp, 1_000).unref()
    }
  }

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

  /** Ends the deletions that the process before this one did not live to end. */
  const purge = () => {
    if (closed) return
    try {
      const [outcome] = commit([{ kind: 'purge', most: 20 }])
      if (outcome && 'value' in outcome && (outcome.value as { left: number }).left > 0) setTimeout(purge, 1).unref()
    } catch {
      setTimeout(purge, 1_000).unref()
    }
  }

  port.on('message', (message: readonly WriteOp[] | 'close') => {
    if (message === 'close') {
      closed = true
      clearTimeout(idle)
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
    tidy()
  })
  tidy()
  setTimeout(purge, 0).unref()
  port.postMessage('ready')
}

try {
  serve(openDatabase())
} catch (error) {
  port.postMessage({ failure: describeFailure(error) })
  port.close()
}
