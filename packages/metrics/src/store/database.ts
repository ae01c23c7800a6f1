import { DatabaseSync } from 'node:sqlite'
import { fail, type ErrorCode, type HiveError, type Result } from '@hivekit/errors'

/** What a block holds. Samples are first sealed, then compacted by day; rollups are made with the day, hours joined by the month. */
export const tiers = { sealed: 0, day: 1, fiveMinutes: 2, hour: 3, hourMonth: 4 } as const
/** A block is being written, live, or dead and waiting to be swept. */
export const states = { building: 0, live: 1, dead: 2 } as const

/** A chunk's id is `block × chunkStride + series`: multiplied, for a shift would cut it to 32 bits. */
export const chunkStride = 2 ** 20

const schemaVersion = 1

const schema = `
  CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, labels TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS metrics (name TEXT PRIMARY KEY, type TEXT NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS layouts (id INTEGER PRIMARY KEY, series BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, layout INTEGER NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY AUTOINCREMENT, tier INTEGER NOT NULL, state INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, samples INTEGER NOT NULL, bytes INTEGER NOT NULL, times BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS chunks (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
`

/** Opens the file for writing and brings its schema up. @throws what SQLite throws; a RangeError for a newer schema. */
export const openForWriting = (path: string, durability: 'process' | 'power'): DatabaseSync => {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  try {
    // auto_vacuum must precede the first table: swept blocks then give their pages back.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY')
    db.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`)
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { readonly user_version: number }
    if (version > schemaVersion) throw new RangeError(`The store ${path} has schema ${version}; this version reads up to ${schemaVersion}.`)
    db.exec(`BEGIN IMMEDIATE; ${schema} PRAGMA user_version = ${schemaVersion}; COMMIT`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Opens the file for reading only. */
export const openForReading = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  db.exec('PRAGMA cache_size = -16000; PRAGMA mmap_size = 268435456')
  return db
}

/**
 * Takes the one writer's place at a store. The lock is an open transaction on a small file beside it, so the system
 * gives it back when the process dies, however it dies.
 */
export const lockForWriting = (path: string): DatabaseSync => {
  const db = new DatabaseSync(`${path}.lock`, { timeout: 0 })
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Runs statements as one transaction. */
export const transaction = <T>(db: DatabaseSync, run: () => T): T => {
  db.exec('BEGIN IMMEDIATE')
  try {
    const answer = run()
    db.exec('COMMIT')
    return answer
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

const codeOf: Readonly<Record<number, ErrorCode>> = { 5: 'conflict', 6: 'conflict', 8: 'forbidden', 11: 'data_corrupt', 13: 'storage_full', 14: 'not_found', 26: 'data_corrupt' }

/** Says in the suite's words what SQLite threw. Anything else that was thrown is a fault of ours, and thrown on. */
export const sqliteFailure = (error: unknown, what: string): Result<never, HiveError> => {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') throw error
  return fail(codeOf[error.errcode & 0xff] ?? 'dependency_failed', `${what}: ${error.message}.`, { cause: error })
}
