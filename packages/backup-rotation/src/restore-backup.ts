import { HiveError } from '@hivekit/errors'
import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expectEntries } from './expect-entries.ts'
import { toHiveError } from './failure.ts'
import { readIndex, readRaw } from './payload-reader.ts'
import { lifeOf, thisProcess, type ProcessIdentity } from './process-identity.ts'
import { readArchive } from './read-archive.ts'
import { unpackArchive, type OutsideLinks } from './unpack-archive.ts'
import { loadCatalog, requireRecord, type VaultContext } from './vault-context.ts'
import type { BackupProgress } from './vault-event.ts'
import { syncFolder } from './sync-folder.ts'

/** What to restore, and where to. */
export interface RestoreRequest {
  /** Which backup. */
  readonly id: string
  /** A folder that does not exist yet; it appears whole or not at all. */
  readonly into: string
  /** Only what it answers true for; gets paths within the backup. Everything is checked all the same. Default: all. */
  readonly only?: (path: string) => boolean
  /** What to do with links that lead out of the backup. Default `refuse`. */
  readonly outsideLinks?: OutsideLinks
  /** Reads and checks everything and writes nothing. Default false. */
  readonly dryRun?: boolean
  /** Told how far it has come. */
  readonly onProgress?: (progress: BackupProgress) => void
  /** Cancels; what was written so far is removed. */
  readonly signal?: AbortSignal
}

/** What was restored. */
export interface RestoreReport {
  /** Which backup. */
  readonly id: string
  /** Where it is now. */
  readonly into: string
  /** Number of files. */
  readonly files: number
  /** Their bytes. */
  readonly bytes: number
  /** Links that were left out because they lead out of the backup. */
  readonly skippedLinks: readonly string[]
}

/** Restores into a fresh folder beside the target, checks every digest, and renames it to the target at the end. */
export const restoreBackup = async (context: VaultContext, request: RestoreRequest): Promise<RestoreReport> => {
  const { id, only = () => true, outsideLinks = 'refuse', dryRun = false, onProgress, signal } = request
  const into = resolve(request.into)
  const { payload } = requireRecord(await loadCatalog(context, { signal }), id)
  const index = await readIndex(context, payload, signal)
  const wantedBytes = index.entries.filter(entry => only(entry.path)).reduce((sum, entry) => sum + entry.size, 0)
  if (await exists(into)) throw new HiveError('conflict', `${into} exists already: restore into a folder that does not.`, { details: { into } })
  const expected = expectEntries(index.entries)
  const limits = { maxBytes: index.entries.reduce((sum, entry) => sum + entry.size, 0), maxEntries: index.entries.length }
  let bytes = 0
  const progress = (more: number): void => onProgress?.({ phase: 'restore', id, bytes: (bytes += more), totalBytes: wantedBytes })
  const unpack = async (folder: string, wanted: (path: string) => boolean) => {
    const entries = readArchive(readRaw(context, payload, index, signal), limits)
    const report = await unpackArchive(entries, folder, { wanted, outsideLinks, progress, check: expected.check, signal })
    expected.end()
    return report
  }
  if (dryRun) {
    await unpack(into, () => false)
    const files = index.entries.filter(entry => entry.type === 'file' && only(entry.path))
    return { id, into, files: files.length, bytes: wantedBytes, skippedLinks: [] }
  }

  const parent = dirname(into)
  await mkdir(parent, { recursive: true })
  const { bavail, bsize } = await statfs(parent)
  if (bavail * bsize < wantedBytes) {
    throw new HiveError('storage_full', `${wantedBytes} bytes are to be restored, and ${parent} has room for ${bavail * bsize}.`)
  }
  const workshop = await openWorkshop(into)
  try {
    const { files, skipped, bytes: written } = await unpack(workshop.content, only)
    await syncFolder(workshop.content)
    if (await exists(into)) throw new HiveError('conflict', `${into} appeared meanwhile.`, { details: { into } })
    await rename(workshop.content, into)
    await syncFolder(parent)
    context.emit({ type: 'restored', id, bytes: written })
    return { id, into, files, bytes: written, skippedLinks: skipped }
  } finally {
    await workshop.close()
  }
}

const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false)

/** A folder beside the target that belongs to this process; one that a dead process left is cleared away. */
const openWorkshop = async (into: string): Promise<{ content: string; close: () => Promise<void> }> => {
  const folder = `${into}.hivekit-restoring`
  const owner = join(folder, 'owner.json')
  for (;;) {
    try {
      // Made under another name and renamed, so that it never exists without its owner's name in it.
      const draft = `${folder}-${randomBytes(4).toString('hex')}`
      await mkdir(draft, { mode: 0o700 })
      await writeFile(join(draft, 'owner.json'), JSON.stringify(thisProcess()))
      await mkdir(join(draft, 'content'), { mode: 0o700 })
      await rename(draft, folder).catch(async (thrown: unknown) => {
        await rm(draft, { recursive: true, force: true })
        throw thrown
      })
      return { content: join(folder, 'content'), close: () => rm(folder, { recursive: true, force: true }) }
    } catch (thrown) {
      if (toHiveError(thrown).code !== 'conflict') throw thrown
    }
    const holder = await readFile(owner, 'utf8').then(text => JSON.parse(text) as ProcessIdentity, () => undefined)
    if (!holder || lifeOf(holder) !== 'dead') {
      throw new HiveError('conflict', `Another restore is writing ${folder}${holder ? ` (process ${holder.pid} on ${holder.host})` : ''}; if none is, remove that folder.`)
    }
    await rm(folder, { recursive: true, force: true })
  }
}
