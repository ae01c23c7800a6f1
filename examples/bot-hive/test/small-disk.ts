import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeSync, openSync, closeSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './start-hive.ts'

/** A data folder whose disk can be filled and emptied again. */
export interface SmallDisk {
  readonly folder: string
  /** What the hive makes of it: SQLite knows a full disk, but not a full quota of the process. */
  readonly refusal: { readonly status: number, readonly code: string }
  /** Leaves no room for the process that writes there. */
  readonly fill: (pid: number) => void
  /** Gives the room back. */
  readonly free: (pid: number) => void
}

const mayMount = () => process.platform === 'linux' && process.getuid?.() === 0 && process.env.HIVEKIT_NO_MOUNT === undefined

/**
 * As root on Linux: a file system in memory of its own, filled by a file. Otherwise: the limit on the size of files that
 * the kernel enforces for one process (`RLIMIT_FSIZE`), set to what its files already have; its writes fail as on a full disk.
 */
export const smallDisk = (): SmallDisk => mayMount() ? mounted() : limited()

const mounted = (): SmallDisk => {
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  mkdirSync(data)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', data])
  onTestFinished(() => {
    execFileSync('umount', ['-l', data])
    rmSync(folder, { recursive: true, force: true })
  })
  const filler = join(data, 'filler')
  return {
    folder: data,
    refusal: { status: 507, code: 'storage_full' },
    fill: () => {
      const file = openSync(filler, 'a')
      try {
        for (const size of [65_536, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size))
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler),
  }
}

const writeUntilFull = (file: number, block: Buffer) => {
  try {
    for (;;) writeSync(file, block)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

const limited = (): SmallDisk => {
  const folder = temporaryFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const limit = (pid: number, bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
  return {
    folder,
    refusal: { status: 503, code: 'unavailable' },
    fill: pid => limit(pid, Math.min(...databaseFiles(folder).map(file => statSync(file).size))),
    free: pid => limit(pid, 'unlimited'),
  }
}

const databaseFiles = (folder: string) =>
  readdirSync(folder).filter(name => /^sessions\.db(-wal)?$/.test(name)).map(name => join(folder, name))

/** Makes a folder read-only for everybody, until the test ends. */
export const makeReadOnly = (folder: string) => {
  if (mayMount()) {
    execFileSync('mount', ['--bind', folder, folder])
    execFileSync('mount', ['-o', 'remount,bind,ro', folder])
    onTestFinished(() => void spawnSync('umount', ['-l', folder]))
  } else {
    execFileSync('chmod', ['-R', 'a-w', folder])
    onTestFinished(() => void spawnSync('chmod', ['-R', 'u+w', folder]))
  }
}
