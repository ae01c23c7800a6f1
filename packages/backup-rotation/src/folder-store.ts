import { HiveError } from '@hivekit/errors'
import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { BackupStore, Leftover, StoredObject, StoreLock, WrittenObject } from './backup-store.ts'
import { throwIfAborted, toHiveError } from './failure.ts'
import { acquireFolderLock, type FolderLock } from './folder-lock.ts'
import { syncFolder } from './sync-folder.ts'

/** What a write or removal in a folder has just done: the boundaries at which a crash is survived. */
export type FolderStep = 'staged' | 'synced' | 'reread' | 'renamed' | 'published' | 'unpublished' | 'removed'

/** Options of {@link openFolderStore}. */
export interface FolderStoreOptions {
  /** The folder; made if it does not exist. One file system must hold all of it. */
  readonly path: string
  /** How long a holder of the lock on another machine must stand still before it counts as dead, in ms, at least 1,000. Default 30,000. */
  readonly leaseMs?: number
  /** Told after each step of a write or removal; for tracing, and for tests that cut the power there. */
  readonly onStep?: (step: FolderStep, key: string) => void
}

const readBytes = 256 << 10

/**
 * Keeps backups in a folder. A write is staged, synced, reopened and compared, renamed into place, and the folder synced.
 *
 * @example
 * ```ts
 * import { openFolderStore } from '@hivekit/backup-rotation'
 *
 * const store = openFolderStore({ path: '/var/backups/hive' })
 * ```
 */
export const openFolderStore = ({ path, leaseMs = 30_000, onStep }: FolderStoreOptions): BackupStore => {
  if (!(leaseMs >= 1_000)) throw new RangeError(`Expected leaseMs of at least 1000, got ${leaseMs}.`)
  const root = resolve(path)
  const fileOf = (key: string): string => {
    if (!/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(key)) throw new RangeError(`Expected a plain key like "a/b.json", got ${JSON.stringify(key)}.`)
    return join(root, key)
  }

  const statKey: BackupStore['stat'] = async key => {
    try {
      const { size, mtimeMs } = await stat(fileOf(key))
      return { key, bytes: size, modifiedAt: mtimeMs }
    } catch (thrown) {
      const error = toHiveError(thrown)
      if (error.code === 'not_found') return undefined
      throw error
    }
  }

  const read: BackupStore['read'] = async function* (key, { start = 0, end = Infinity, signal } = {}) {
    const handle = await open(fileOf(key), 'r').catch((thrown: unknown) => { throw toHiveError(thrown) })
    try {
      for (let at = start; at < end;) {
        throwIfAborted(signal)
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(readBytes, end - at)), 0, Math.min(readBytes, end - at), at)
        if (bytesRead === 0) return
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } catch (thrown) {
      throw toHiveError(thrown)
    } finally {
      await handle.close()
    }
  }

  const list: BackupStore['list'] = async function* (prefix, { signal } = {}) {
    const walk = async function* (folder: string): AsyncGenerator<StoredObject> {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(emptyIfMissing)
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        throwIfAborted(signal)
        const key = folder + entry.name
        if (entry.name.startsWith('.')) continue
        if (entry.isDirectory() && (prefix.startsWith(`${key}/`) || `${key}/`.startsWith(prefix))) yield* walk(`${key}/`)
        else if (entry.isFile() && key.startsWith(prefix)) {
          const found = await stat(join(root, key)).catch(() => undefined)
          if (found) yield { key, bytes: found.size, modifiedAt: found.mtimeMs }
        }
      }
    }
    yield* walk('')
  }

  const leftovers: BackupStore['leftovers'] = async function* ({ signal } = {}) {
    const stagings = join(root, '.staging')
    for (const folder of await readdir(stagings).catch(emptyIfMissing)) {
      if (!folder.startsWith('left-')) continue
      const files = await readdir(join(stagings, folder))
      if (files.length === 0) yield await describeLeftover(join(stagings, folder), folder)
      for (const file of files) {
        throwIfAborted(signal)
        yield await describeLeftover(join(stagings, folder, file), `${folder}/${file}`)
      }
    }
  }

  const lock: BackupStore['lock'] = async ({ waitMs = 0, signal } = {}) => {
    try {
      await mkdir(root, { recursive: true })
      return lockedFolder(root, fileOf, await acquireFolderLock({ root, leaseMs, waitMs, signal }), onStep)
    } catch (thrown) {
      throw toHiveError(thrown)
    }
  }

  return {
    location: root, stat: statKey, read, list, leftovers, lock,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(root).catch(() => ({ bavail: undefined, bsize: 0 }))
      return bavail === undefined ? undefined : bavail * bsize
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

const lockedFolder = (
  root: string, fileOf: (key: string) => string, held: FolderLock, onStep: FolderStoreOptions['onStep'],
): StoreLock => {
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    held.check()
    try {
      return await step()
    } catch (thrown) {
      // A missing staging folder is how a takeover shows before the next heartbeat.
      const gone = !(await stat(held.staging).then(() => true, () => false))
      throw gone ? new HiveError('conflict', 'The lock of the backups was taken over by another process.', { cause: thrown }) : toHiveError(thrown)
    }
  }
  return {
    fence: held.fence,
    lost: held.lost,
    write: (key, content, { replace = false, signal } = {}) =>
      guarded(async () => {
        const target = fileOf(key)
        const staged = join(held.staging, `${key.replaceAll('/', '+')}-${randomUUID().slice(0, 8)}`)
        try {
          const written = await writeStaged(staged, content, step => onStep?.(step, key), signal)
          await mkdir(dirname(target), { recursive: true })
          held.check()
          if (replace) await rename(staged, target)
          else await publishNew(staged, target)
          onStep?.('renamed', key)
          await syncFolder(dirname(target))
          onStep?.('published', key)
          return written
        } catch (thrown) {
          await rm(staged, { force: true })
          throw thrown
        }
      }),
    remove: key =>
      guarded(async () => {
        const target = fileOf(key)
        // Renamed into the holder's own folder first: after a takeover that folder is gone, and so is the right to remove.
        const doomed = join(held.staging, `doomed-${randomUUID().slice(0, 8)}`)
        const found = await rename(target, doomed).then(() => true, async (thrown: unknown) => {
          if (await stat(target).then(() => true, () => false)) throw thrown
          await stat(held.staging)
          return false
        })
        if (!found) return
        onStep?.('unpublished', key)
        await syncFolder(dirname(target))
        await unlink(doomed)
        onStep?.('removed', key)
      }),
    removeLeftover: name =>
      guarded(async () => {
        if (!/^left-\d+(?:\/[^/]+)?$/.test(name) || name.includes('..')) throw new RangeError(`Expected the name of a leftover, got ${JSON.stringify(name)}.`)
        await rm(join(root, '.staging', name), { recursive: true, force: true })
      }),
    [Symbol.asyncDispose]: () => held.release(),
  }
}

/** Writes, syncs, reopens and compares; only then may the file be given its name. */
const writeStaged = async (
  staged: string, content: Uint8Array | AsyncIterable<Uint8Array>, onStep: (step: FolderStep) => void, signal: AbortSignal | undefined,
): Promise<WrittenObject> => {
  const hash = createHash('sha256')
  let bytes = 0
  const handle = await open(staged, 'wx', 0o600)
  try {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      throwIfAborted(signal)
      hash.update(chunk)
      for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at)).bytesWritten
      bytes += chunk.length
    }
    onStep('staged')
    await handle.sync()
    onStep('synced')
  } finally {
    await handle.close()
  }
  const sha256 = hash.digest('hex')
  const again = createHash('sha256')
  const reopened = await open(staged, 'r')
  try {
    const buffer = Buffer.allocUnsafe(readBytes)
    for (let bytesRead = -1; bytesRead !== 0;) {
      throwIfAborted(signal)
      bytesRead = (await reopened.read(buffer, 0, readBytes)).bytesRead
      again.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await reopened.close()
  }
  if (again.digest('hex') !== sha256) throw new HiveError('data_corrupt', 'What was written read back differently: suspect the disk or the memory.')
  onStep('reread')
  return { bytes, sha256 }
}

/** `link` fails where the name is taken; file systems without it get a look and a rename, which the lock makes safe. */
const publishNew = async (staged: string, target: string): Promise<void> => {
  try {
    await link(staged, target)
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(String(code))) throw thrown
    if (await stat(target).then(() => true, () => false)) throw new HiveError('conflict', `${target} exists already.`, { cause: thrown })
    await rename(staged, target)
    return
  }
  await unlink(staged)
}

const describeLeftover = async (file: string, name: string): Promise<Leftover> => {
  const { size, mtimeMs } = await stat(file)
  return { name, bytes: name.includes('/') ? size : 0, modifiedAt: mtimeMs, reason: 'staged by a process that died before it was done' }
}

const emptyIfMissing = (thrown: unknown): never[] => {
  if (toHiveError(thrown).code === 'not_found') return []
  throw toHiveError(thrown)
}
