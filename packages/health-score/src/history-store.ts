import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail, ok, type HiveError, type Result } from '@hivekit/errors'

/** Where a history is kept between runs. */
export interface HistoryStore {
  /** Reads what was saved last; undefined if nothing ever was. */
  load(): Promise<Result<Uint8Array | undefined, HiveError>>
  /** Saves all of it, replacing what was there at once or not at all. */
  save(bytes: Uint8Array): Promise<Result<void, HiveError>>
}

/**
 * Keeps a history in one file. It is written beside, synced and renamed over the old one, so that a crash at any
 * instant leaves either the old history or the new, whole. Its folder must exist.
 *
 * @example
 * ```ts
 * import { fileHistoryStore } from '@hivekit/health-score'
 *
 * const store = fileHistoryStore('health-history.bin')
 * ```
 */
export const fileHistoryStore = (path: string): HistoryStore => ({
  load: async () => {
    try {
      return ok(await readFile(path))
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return ok(undefined)
      return fail('unavailable', `The health history cannot be read from ${path}.`, { cause })
    }
  },
  save: async bytes => {
    const beside = `${path}.${process.pid}.tmp`
    try {
      await writeSynced(beside, bytes)
      await rename(beside, path)
      await syncFolder(dirname(path))
      return ok(undefined)
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => {})
      const full = codeOf(cause) === 'ENOSPC' || codeOf(cause) === 'EDQUOT'
      return fail(full ? 'storage_full' : 'unavailable', `The health history cannot be saved to ${path}.`, { cause })
    }
  },
})

const writeSynced = async (path: string, bytes: Uint8Array) => {
  await using file = await open(path, 'w')
  await file.writeFile(bytes)
  await file.sync()
}

/** Makes a rename durable. Windows opens no folders, and needs none of this. */
const syncFolder = async (path: string) => {
  if (process.platform === 'win32') return
  await using folder = await open(path, 'r')
  await folder.sync()
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)
