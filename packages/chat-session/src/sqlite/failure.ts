import type { WriteFailure } from '../engine.ts'

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that mean something to a caller. */
const meanings: Readonly<Record<number, WriteFailure>> = {
  3: { code: 'unavailable', message: 'The database may not be opened: permission denied.' },
  5: { code: 'unavailable', message: 'The database is busy: another process holds its lock.' },
  6: { code: 'unavailable', message: 'The database is busy: a table is locked.' },
  8: { code: 'unavailable', message: 'The database is read-only.' },
  10: { code: 'unavailable', message: 'The disk reported an error.' },
  11: { code: 'data_corrupt', message: 'The database is corrupt.' },
  13: { code: 'storage_full', message: 'The disk is full.' },
  14: { code: 'unavailable', message: 'The database cannot be opened.' },
  26: { code: 'data_corrupt', message: 'The file is not a database.' },
}

/** Says in our terms what SQLite (or the file system) threw. */
export const describeFailure = (error: unknown): WriteFailure => {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error) }
  if ('failure' in error) return { code: error.failure as WriteFailure['code'], message: error.message }
  const { errcode, code } = error as { errcode?: unknown, code?: unknown }
  if (typeof errcode === 'number') {
    const known = meanings[errcode & 0xff]
    if (known) return { code: known.code, message: `${known.message} (${error.message})` }
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'storage_full', message: `The disk is full. (${error.message})` }
  if (typeof code === 'string' && 'syscall' in error) return { code: 'unavailable', message: error.message }
  return { code: 'internal', message: error.message }
}
