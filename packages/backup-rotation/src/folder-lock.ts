import { HiveError } from '@hivekit/errors'
import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfAborted } from './failure.ts'
import { lifeOf, thisProcess, type ProcessIdentity } from './process-identity.ts'

interface LockRecord {
  readonly holder: ProcessIdentity
  /** Tells two holders within one process apart. */
  readonly token: string
  /** Counts up while the holder lives. */
  readonly beat: number
  readonly released: boolean
}

/** A held lock of a folder. */
export interface FolderLock {
  readonly fence: number
  readonly lost: AbortSignal
  /** The holder's own staging folder; it is moved away at a takeover, which is what stops an old holder's renames. */
  readonly staging: string
  /** Throws `conflict` when the lock was lost. */
  check(): void
  release(): Promise<void>
}

/** How a folder is locked. */
export interface FolderLockOptions {
  readonly root: string
  /** How long a holder that cannot be examined must stand still before it counts as dead. */
  readonly leaseMs: number
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

const pollMs = 50

/**
 * Locks are files `.lock/1`, `.lock/2`, …; the highest is in force, and creating the next one (`link` fails if it exists) is
 * the only way to take over, so that of several claimants one wins. A holder counts as dead when its process is certainly
 * gone, or, on another machine, when its beat stood still for a whole lease by the claimant's own clock.
 */
export const acquireFolderLock = async ({ root, leaseMs, waitMs, signal }: FolderLockOptions): Promise<FolderLock> => {
  const folder = join(root, '.lock')
  await mkdir(folder, { recursive: true })
  const token = randomUUID()
  const deadline = performance.now() + waitMs
  let seen: { key: string; since: number } | undefined
  for (;;) {
    throwIfAborted(signal)
    const current = await highest(folder)
    const held = current > 0 ? await readLock(join(folder, String(current))) : undefined
    const life = !held || held.released ? 'dead' : lifeOf(held.holder)
    const key = `${current}/${held?.token}/${held?.beat}`
    if (seen?.key !== key) seen = { key, since: performance.now() }
    const stoodStill = life === 'unknown' && performance.now() - seen.since > leaseMs
    if (life === 'dead' || stoodStill) {
      const fence = current + 1
      if (await claim(folder, fence, token)) return await hold({ root, folder, fence, token, leaseMs })
      continue
    }
    if (performance.now() >= deadline) {
      const { host, pid } = held!.holder
      throw new HiveError('conflict', `The backups are in use by process ${pid} on ${host}.`, {
        kind: 'transient', retryAfterMs: leaseMs, details: { host, pid, fence: current },
      })
    }
    await sleep(pollMs, undefined, signal && { signal })
  }
}

const highest = async (folder: string): Promise<number> =>
  Math.max(0, ...(await readdir(folder)).filter(name => /^[1-9]\d*$/.test(name)).map(Number))

/** A record that cannot be read belongs to a holder that is gone: records appear whole or not at all. */
const readLock = async (file: string): Promise<LockRecord | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LockRecord
  } catch {
    return undefined
  }
}

const writeRecord = async (file: string, record: LockRecord): Promise<void> => {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(JSON.stringify(record))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const claim = async (folder: string, fence: number, token: string): Promise<boolean> => {
  const draft = join(folder, `draft-${token}`)
  await writeRecord(draft, { holder: thisProcess(), token, beat: 0, released: false })
  try {
    await link(draft, join(folder, String(fence)))
    return true
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false
    throw thrown
  } finally {
    await unlink(draft)
  }
}

const hold = async ({ root, folder, fence, token, leaseMs }: {
  readonly root: string; readonly folder: string; readonly fence: number; readonly token: string; readonly leaseMs: number
}): Promise<FolderLock> => {
  const stagings = join(root, '.staging')
  const staging = join(stagings, String(fence))
  await mkdir(stagings, { recursive: true })
  // From here on no earlier holder can rename anything into place: its folder has another name.
  for (const name of await readdir(stagings)) {
    if (/^[1-9]\d*$/.test(name) && Number(name) < fence) await rename(join(stagings, name), join(stagings, `left-${name}`)).catch(ignoreMissing)
  }
  await mkdir(staging)
  for (const name of await readdir(folder)) {
    if (/^[1-9]\d*$/.test(name) && Number(name) < fence) await rm(join(folder, name), { force: true })
    if (name.startsWith('draft-') && (await ageOf(join(folder, name))) > leaseMs) await rm(join(folder, name), { force: true })
  }

  const lost = new AbortController()
  const record = join(folder, String(fence))
  const successor = join(folder, String(fence + 1))
  let beat = 0
  let beating: Promise<void> = Promise.resolve()
  const put = async (released: boolean): Promise<void> => {
    const draft = join(folder, `draft-${token}-${++beat}`)
    await writeRecord(draft, { holder: thisProcess(), token, beat, released })
    await rename(draft, record)
  }
  const fail = (): void => lost.abort(new HiveError('conflict', 'The lock of the backups was taken over by another process.', { details: { fence } }))
  const renew = async (): Promise<void> => {
    if (await stat(successor).then(() => true, () => false)) fail()
    else await put(false).catch(fail)
  }
  const timer = setInterval(() => void (beating = renew()), leaseMs / 3).unref()
  return {
    fence, lost: lost.signal, staging,
    check: () => throwIfAborted(lost.signal),
    release: async () => {
      clearInterval(timer)
      await beating
      await rm(staging, { recursive: true, force: true })
      if (!lost.signal.aborted && !(await stat(successor).then(() => true, () => false))) await put(true)
      lost.abort(new HiveError('conflict', 'The lock of the backups was released.', { details: { fence } }))
    },
  }
}

const ageOf = async (file: string): Promise<number> => Date.now() - (await stat(file).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs

const ignoreMissing = (thrown: unknown): void => {
  if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown
}
