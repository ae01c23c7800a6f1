import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fail, ok, type HiveError, type Result } from '@hivekit/errors'

/**
 * Makes the data folder and takes it for this process. SQLite's file lock does it: the kernel gives it back when the
 * process dies, however it dies, so there is no stale lock to remove.
 */
export const lockFolder = (folder: string): Result<Disposable, HiveError> => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    return fail('unavailable', `Cannot make the data folder ${folder}: ${(cause as Error).message}`, { cause })
  }
  try {
    const lock = new DatabaseSync(join(folder, 'hive.lock'))
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return ok({ [Symbol.dispose]: () => lock.close() })
  } catch (cause) {
    const { errcode } = cause as { errcode?: number }
    return errcode === 5
      ? fail('conflict', `The data folder ${folder} is in use by another hive. Stop that one, or set HIVE_DATA_DIR to another folder.`, { cause })
      : fail('unavailable', `Cannot write to the data folder ${folder}: ${(cause as Error).message}`, { cause })
  }
}
