import { HiveError } from '@hivekit/errors'
import type { FileEntry } from './file-index.ts'
import type { ArchiveEntry } from './read-archive.ts'

/** Compares an archive with its list of files, entry by entry in order; throws `data_corrupt` at the first difference. */
export const expectEntries = (entries: readonly FileEntry[]) => {
  let at = 0
  return {
    check: (entry: ArchiveEntry['entry'], sha256: string | undefined): void => {
      const expected = entries[at++]
      if (expected?.path !== entry.path || expected.type !== entry.type || expected.size !== entry.size || expected.target !== entry.target) {
        throw new HiveError('data_corrupt', `The archive holds ${JSON.stringify(entry.path)} where its list of files has ${JSON.stringify(expected?.path ?? 'nothing')}.`)
      }
      if (expected.sha256 !== sha256) throw new HiveError('data_corrupt', `${JSON.stringify(entry.path)} does not match its digest.`, { details: { path: entry.path } })
    },
    end: (): void => {
      if (at !== entries.length) throw new HiveError('data_corrupt', `The archive lacks ${entries.length - at} entries of its list of files.`)
    },
  }
}
