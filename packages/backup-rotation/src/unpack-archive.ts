import { HiveError } from '@hivekit/errors'
import { createHash } from 'node:crypto'
import { closeSync, constants, fchmodSync, fsyncSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { chmod, symlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { throwIfAborted } from './failure.ts'
import type { FileEntry } from './file-index.ts'
import type { ArchiveEntry } from './read-archive.ts'

/** What to do with links that lead out of the backup: refuse all of it, recreate them as they were, or leave them out. */
export type OutsideLinks = 'refuse' | 'keep' | 'skip'

/** How to unpack. */
export interface UnpackOptions {
  /** Takes the entries one by one and says which of them to write. */
  readonly wanted: (path: string) => boolean
  readonly outsideLinks: OutsideLinks
  readonly progress: (bytes: number) => void
  /** Compares with what is expected; throws when it differs. */
  readonly check: (entry: ArchiveEntry['entry'], sha256: string | undefined) => void
  readonly signal: AbortSignal | undefined
}

const stretchMs = 8
const write = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/**
 * Unpacks entries into a folder that is ours alone. Every file is created anew and never through a link: links are made last of all.
 * Permissions keep their nine lower bits; owners stay those of the one who unpacks.
 */
export const unpackArchive = async (
  entries: AsyncIterable<ArchiveEntry>, folder: string, { wanted, outsideLinks, progress, check, signal }: UnpackOptions,
): Promise<{ files: number; bytes: number; skipped: string[] }> => {
  const made = new Set([''])
  const links: FileEntry[] = []
  const folders: FileEntry[] = []
  const skipped: string[] = []
  let files = 0
  let bytes = 0
  let since = performance.now()
  const makeFolder = (path: string): void => {
    if (made.has(path)) return
    makeFolder(path.includes('/') ? dirname(path) : '')
    mkdirSync(join(folder, path), { mode: 0o700 })
    made.add(path)
  }
  for await (const { entry, escapes, content } of entries) {
    throwIfAborted(signal)
    if (escapes && outsideLinks === 'refuse') {
      throw new HiveError('data_corrupt', `Refused the archive: ${JSON.stringify(entry.path)} links to ${JSON.stringify(entry.target)}, outside of it. `
        + 'Choose to keep such links or to skip them if you trust this backup.', { details: { path: entry.path, target: entry.target } })
    }
    const take = wanted(entry.path)
    if (entry.type !== 'file') {
      check(entry, undefined)
      if (!take) continue
      if (entry.type === 'folder') folders.push(entry)
      else if (escapes && outsideLinks === 'skip') skipped.push(entry.path)
      else links.push(entry)
      if (entry.type === 'folder') makeFolder(entry.path)
      continue
    }
    const hash = createHash('sha256')
    if (!take) {
      for await (const part of content) hash.update(part)
      check(entry, hash.digest('hex'))
      continue
    }
    makeFolder(entry.path.includes('/') ? dirname(entry.path) : '')
    const file = openSync(join(folder, entry.path), write, 0o600)
    try {
      for await (const part of content) {
        hash.update(part)
        for (let at = 0; at < part.length;) at += writeSync(file, part, at)
        bytes += part.length
        progress(part.length)
        if (performance.now() - since > stretchMs) {
          throwIfAborted(signal)
          await breathe()
          since = performance.now()
        }
      }
      check(entry, hash.digest('hex'))
      fchmodSync(file, entry.mode & 0o777)
      futimesSync(file, entry.modifiedAt / 1_000, entry.modifiedAt / 1_000)
      if (entry.size > 1 << 20) fsyncSync(file)
    } finally {
      closeSync(file)
    }
    files++
  }
  for (const link of links) {
    makeFolder(link.path.includes('/') ? dirname(link.path) : '')
    await symlink(link.target!, join(folder, link.path))
  }
  // Deepest first: what is put into a folder changes its time.
  for (const { path, mode, modifiedAt } of folders.toReversed()) {
    await utimes(join(folder, path), modifiedAt / 1_000, modifiedAt / 1_000)
    await chmod(join(folder, path), mode & 0o777)
  }
  return { files, bytes, skipped }
}
