import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBackupVault, type BackupRecord, type BackupSource } from '@hivekit/backup-rotation'
import type { Capacity } from '@hivekit/capacity'
import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { HiveConfig } from '../config.ts'
import { background } from './hive-capacity.ts'

/** The backups of a hive: one at a time, behind the replies in the queue. */
export interface HiveBackups extends AsyncDisposable {
  /** All there are, the newest first. */
  list(): Promise<Result<readonly BackupRecord[], HiveError>>
  /** Makes one, proves that it can be read back, and lets go of those that the policy does not keep. One that is being made already is answered. */
  make(): Promise<Result<BackupRecord, HiveError>>
  /** Reads every byte of one and compares. What is broken is in the answer's `verification`. */
  verify(id: string): Promise<Result<BackupRecord, HiveError>>
  /** From now on makes one whenever it is due. */
  start(): void
}

/** All backups are one set, wherever the hive ran when it made them. */
const policy = { last: 3, daily: 7, weekly: 4, groupBy: [] } as const

/** How often it is looked whether one is due, at most. */
const lookMs = 600_000

/** Opens the backups in the data folder. Nothing is written before one is made. */
export const openHiveBackups = (capacity: Capacity, { dataDir, configFile, backupEveryMs }: HiveConfig): HiveBackups => {
  // A hive that is talked to grows, which is no reason to keep all its backups.
  const vault = openBackupVault({ store: join(dataDir, 'backups'), policy, anomalies: { largerThan: Infinity } })
  const stopping = new AbortController()
  let making: Promise<Result<BackupRecord, HiveError>> | undefined
  let timer: NodeJS.Timeout | undefined

  const inBackground = async <T>(step: (signal: AbortSignal) => Promise<Result<T, HiveError>>): Promise<Result<T, HiveError>> => {
    const ended = await capacity.submit(({ signal }) => step(signal), { ...background('backup'), signal: stopping.signal }).done
    return ended.isErr() ? err(ended.error) : ended.value
  }

  const find = async (id: string): Promise<Result<BackupRecord, HiveError>> => {
    const all = await vault.list()
    if (all.isErr()) return err(all.error)
    const found = all.value.find(backup => backup.id === id)
    return found ? ok(found) : fail('not_found', `There is no backup "${id}".`)
  }

  const verify = async (id: string, signal: AbortSignal) => {
    const verified = await vault.verify({ ids: [id], signal })
    return verified.isErr() ? err(verified.error) : find(id)
  }

  const make = async (signal: AbortSignal): Promise<Result<BackupRecord, HiveError>> => {
    const made = await vault.create({ sources: sourcesOf(dataDir, configFile), signal })
    if (made.isErr()) return err(made.error)
    // Older ones go only in favour of one that is proved.
    const verified = await verify(made.value.backup.id, signal)
    const rotated = await vault.rotate({ signal })
    if (rotated.isErr() && !signal.aborted) warn('Old backups stay', rotated.error)
    return verified
  }

  const makeOne = () => {
    making ??= inBackground(make).finally(() => {
      making = undefined
    })
    return making
  }

  const makeIfDue = async () => {
    const all = await vault.list()
    if (stopping.signal.aborted) return
    if (all.isErr()) return warn('The backups cannot be listed', all.error)
    if (Date.now() - (all.value[0]?.createdAt ?? 0) < backupEveryMs) return
    const made = await makeOne()
    if (made.isErr() && !stopping.signal.aborted) warn('No backup was made', made.error)
  }

  return {
    list: () => vault.list(),
    make: makeOne,
    verify: id => inBackground(signal => verify(id, signal)),
    start: () => {
      if (backupEveryMs > 0) timer ??= setInterval(() => void makeIfDue(), Math.min(lookMs, backupEveryMs)).unref()
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      stopping.abort()
      await making
      await vault[Symbol.asyncDispose]()
    },
  }
}

/** The databases, what belongs to them, and the configuration. */
const sourcesOf = (dataDir: string, configFile: string | undefined): BackupSource[] => {
  const sources: BackupSource[] = readdirSync(dataDir).flatMap((name): BackupSource[] => {
    const path = join(dataDir, name)
    if (name.endsWith('.db')) return [{ kind: 'sqlite', path }]
    return name.endsWith('.db-files') || name.endsWith('.db-archive') ? [{ kind: 'folder', path }] : []
  })
  return configFile !== undefined && existsSync(configFile) ? [...sources, { kind: 'file', path: configFile, as: 'hive.config.json' }] : sources
}

const warn = (what: string, { message }: HiveError) => void process.stderr.write(`${what}: ${message}\n`)
