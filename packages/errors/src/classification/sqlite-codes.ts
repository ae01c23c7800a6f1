import { outcome, outcomeTable, type Classification } from './classification.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html), by the names that better-sqlite3 and sqlite3 put in `code`. */
const byName = outcomeTable([
  ['unavailable', 'transient', 'SQLITE_BUSY SQLITE_LOCKED SQLITE_ABORT SQLITE_PROTOCOL SQLITE_SCHEMA'],
  ['storage_full', 'permanent', 'SQLITE_FULL'],
  ['data_corrupt', 'permanent', 'SQLITE_CORRUPT SQLITE_NOTADB SQLITE_FORMAT'],
  ['dependency_failed', 'ambiguous', 'SQLITE_IOERR'],
  ['dependency_failed', 'permanent', 'SQLITE_CANTOPEN'],
  ['forbidden', 'permanent', 'SQLITE_READONLY SQLITE_PERM SQLITE_AUTH'],
  ['conflict', 'permanent', 'SQLITE_CONSTRAINT'],
  ['invalid_argument', 'permanent', 'SQLITE_MISMATCH'],
  ['too_large', 'permanent', 'SQLITE_TOOBIG'],
  ['capacity_exceeded', 'throttled', 'SQLITE_NOMEM'],
  ['cancelled', 'permanent', 'SQLITE_INTERRUPT'],
  ['unsupported', 'permanent', 'SQLITE_NOLFS'],
])

/** The names by primary code, 0–26. */
const names = ('OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY ' +
  'SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB').split(' ')

/**
 * Classifies an SQLite result code, primary or extended (`SQLITE_IOERR_WRITE`, 778): the primary decides.
 * The ones that name no outside cause (ERROR, MISUSE, RANGE…) are bugs.
 */
export const sqliteOutcome = (result: string | number): Classification => {
  const name = typeof result === 'number' ? `SQLITE_${names[result & 0xff]}` : result.split('_', 2).join('_')
  return byName.get(name) ?? outcome('internal')
}
