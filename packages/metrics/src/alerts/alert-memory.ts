import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isHiveError } from '@hivekit/errors'

/** Where the evaluator's state outlives the process. */
export interface AlertMemory {
  /** What was saved last; undefined when nothing was. */
  load(): Promise<string | undefined>
  /** Replaces what was saved, all or nothing. */
  save(text: string): Promise<void>
}

/**
 * Keeps the state of alerts in a file, replaced whole: a reader finds the old text or the new one, never a part.
 *
 * @param path The file; its folder must be there. `<path>.new` is used on the way.
 */
export const alertFile = (path: string): AlertMemory => ({
  load: async () => {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if (!isHiveError(error) && error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  },
  save: async text => {
    const file = await open(`${path}.new`, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } catch {
      // Some systems do not sync folders; the rename itself is atomic there too.
    } finally {
      await folder.close()
    }
  },
})
