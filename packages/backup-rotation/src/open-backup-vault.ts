import { HiveError, type Result } from '@hivekit/errors'
import { hostname, tmpdir } from 'node:os'
import { defaultAnomalyLimits, type AnomalyLimits } from './anomaly-gate.ts'
import type { BackupStore } from './backup-store.ts'
import type { BackupRecord } from './catalog.ts'
import { createBackup, type CreatedBackup, type CreateRequest } from './create-backup.ts'
import { createCipher, type Encryption } from './encryption.ts'
import { explainRotation, type RotationExplanation } from './explain-rotation.ts'
import { exportZip, type ExportZipRequest } from './export-zip.ts'
import { attempt, toHiveError } from './failure.ts'
import type { FileIndex } from './file-index.ts'
import { openFolderStore } from './folder-store.ts'
import { forecastRotation, type BackupSchedule, type ForecastPoint } from './forecast-rotation.ts'
import { sweepOrphans, type OrphanReport, type OrphanRequest } from './orphans.ts'
import { readIndex } from './payload-reader.ts'
import { storedBytes } from './quota.ts'
import { recompressVault, type RecompressReport, type RecompressRequest } from './recompress.ts'
import { restoreBackup, type RestoreReport, type RestoreRequest } from './restore-backup.ts'
import { approveBackup, asCandidate, rotateVault, type RotateReport, type RotateRequest } from './rotate-vault.ts'
import { checkPolicy, type RotationPolicy } from './rotation-policy.ts'
import { undeleteBackup } from './trash.ts'
import type { TrashRecord } from './trash-record.ts'
import { createChange } from './vault-change.ts'
import { loadCatalog, loadTrash, requireRecord, type VaultContext } from './vault-context.ts'
import type { VaultEvent } from './vault-event.ts'
import { verifyBackups, type VerifyReport, type VerifyRequest } from './verify-backup.ts'

/** Options of {@link openBackupVault}. */
export interface BackupVaultOptions {
  /** Where backups are kept: the path of a folder, or a store such as the one of `@hivekit/backup-rotation/s3`. */
  readonly store: string | BackupStore
  /** What to keep, for `rotate`, `explain`, `forecast` and the quota. Default: none, and then nothing is ever removed unasked. */
  readonly policy?: RotationPolicy
  /** The most that may be stored, in bytes. Default: no limit. */
  readonly quotaBytes?: number
  /** Keys to encrypt with, or a callback that fetches them. Default: not encrypted. */
  readonly encryption?: Encryption
  /** zstd level, 1 to 22. Default 3. */
  readonly compressionLevel?: number
  /** How long a removed backup can be taken back, in ms. Default 604,800,000: seven days. */
  readonly graceMs?: number
  /** The most of a set that one run may remove, over 0 and up to 1; one backup may always go. Default 0.5. */
  readonly maxRemoveFraction?: number
  /** When a backup counts as unlike its history and blocks removals; `false` for never. */
  readonly anomalies?: Partial<AnomalyLimits> | false
  /** The machine's name in manifests. Default: what the system says. */
  readonly host?: string
  /** How long a change waits for another process's, in ms. Default 45,000, which outlasts a dead holder on another machine. */
  readonly lockWaitMs?: number
  /** For copies of databases and for drills. Default: the system's folder for temporary files. */
  readonly scratchFolder?: string
  /** Wall clock, epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number
}

/** What a vault holds, for a dashboard. */
export interface VaultSnapshot {
  /** Where it is. */
  readonly location: string
  /** Number of backups. */
  readonly backups: number
  /** How many of them are in each state. */
  readonly states: Readonly<Record<'committed' | 'verified' | 'suspect' | 'corrupt', number>>
  /** When the newest was made, epoch milliseconds; undefined when there is none. */
  readonly newestAt: number | undefined
  /** When the newest verified one was made, epoch milliseconds; undefined when there is none. */
  readonly newestVerifiedAt: number | undefined
  /** Stored bytes, the trash included. */
  readonly storedBytes: number
  /** The quota in bytes; undefined when there is none. */
  readonly quotaBytes: number | undefined
  /** Number of backups in the trash. */
  readonly trashed: number
  /** Backups whose anomalies wait for a person. */
  readonly unapproved: readonly string[]
}

/**
 * A place for backups. Every method resolves to a `Result`. Beside what each names, errors are `conflict` (another process holds the lock),
 * `storage_full`, `forbidden`, `unavailable`, `dependency_failed` and `cancelled`.
 */
export interface BackupVault extends AsyncDisposable {
  /** Makes a backup. Files that change meanwhile are noted, never fatal. */
  create(request: CreateRequest): Promise<Result<CreatedBackup, HiveError>>
  /** Lists the backups, newest first. */
  list(options?: { /** Cancels. */ readonly signal?: AbortSignal }): Promise<Result<readonly BackupRecord[], HiveError>>
  /** Lists the trash, newest backup first. */
  trash(): Promise<Result<readonly TrashRecord[], HiveError>>
  /** Lists what one backup holds. Fails with `not_found` or `data_corrupt`. */
  files(id: string, options?: { /** Cancels. */ readonly signal?: AbortSignal }): Promise<Result<FileIndex, HiveError>>
  /** Looks whether backups are whole, as closely as asked, and remembers it. What is broken is a finding, not a failure. */
  verify(request?: VerifyRequest): Promise<Result<VerifyReport, HiveError>>
  /** Restores into a fresh folder. Fails with `not_found`, `data_corrupt` or, when the folder exists, `conflict`; nothing appears then. */
  restore(request: RestoreRequest): Promise<Result<RestoreReport, HiveError>>
  /** Writes a backup as a zip file for a person to open. */
  exportZip(request: ExportZipRequest): Promise<Result<{ /** The file. */ readonly file: string; /** Number of files. */ readonly files: number }, HiveError>>
  /** Applies the policy: what it does not keep goes to the trash, and what was there long enough goes for good. */
  rotate(request?: RotateRequest): Promise<Result<RotateReport, HiveError>>
  /** Takes a backup back out of the trash. Fails with `not_found`. */
  undelete(id: string, options?: { /** Cancels. */ readonly signal?: AbortSignal }): Promise<Result<BackupRecord, HiveError>>
  /** Says that the anomalies of a backup are as they should be, so that rotation goes on. */
  approve(id: string, options?: { /** Cancels. */ readonly signal?: AbortSignal }): Promise<Result<void, HiveError>>
  /** Lists, and with `clean` removes, what belongs to no whole backup. */
  orphans(request?: OrphanRequest): Promise<Result<OrphanReport, HiveError>>
  /** Packs old backups harder. */
  recompress(request?: RecompressRequest): Promise<Result<RecompressReport, HiveError>>
  /** Says why the policy keeps a backup or not, and until when. Fails with `not_found`. */
  explain(id: string, policy?: RotationPolicy): Promise<Result<RotationExplanation, HiveError>>
  /** Says how many backups and bytes there will be. Default schedule: once a day, as large as the newest. */
  forecast(options: { /** How many years ahead. */ readonly years: number; /** How backups come. */ readonly schedule?: Partial<BackupSchedule>; /** What to keep. */ readonly policy?: RotationPolicy }): Promise<Result<readonly ForecastPoint[], HiveError>>
  /** What there is, for a dashboard. */
  snapshot(): Promise<Result<VaultSnapshot, HiveError>>
  /** Hears what is done; the function it answers with ends that. A listener that throws is not heard of. */
  onEvent(listener: (event: VaultEvent) => void): () => void
}

/**
 * Opens a place for backups. Nothing is written until something is changed, and what an earlier process left half done is repaired then.
 *
 * @throws RangeError when an option is out of range.
 * @example
 * ```ts
 * import { openBackupVault } from '@hivekit/backup-rotation'
 *
 * await using vault = openBackupVault({ store: '/var/backups/hive', policy: { daily: 7, weekly: 4, monthly: 12 } })
 * const made = await vault.create({ sources: [{ kind: 'folder', path: '/srv/hive' }] })
 * if (made.isOk()) await vault.verify({ ids: [made.value.backup.id] })
 * await vault.rotate()
 * ```
 */
export const openBackupVault = (options: BackupVaultOptions): BackupVault => {
  const {
    policy, quotaBytes, encryption, compressionLevel = 3, graceMs = 7 * 86_400_000, maxRemoveFraction = 0.5, anomalies = {},
    host = hostname(), lockWaitMs = 45_000, scratchFolder = tmpdir(), clock = Date.now,
  } = options
  if (policy) checkPolicy(policy)
  expect('compressionLevel', compressionLevel, Number.isInteger(compressionLevel) && compressionLevel >= 1 && compressionLevel <= 22, 'a whole number from 1 to 22')
  expect('graceMs', graceMs, graceMs >= 0, 'at least 0')
  expect('maxRemoveFraction', maxRemoveFraction, maxRemoveFraction > 0 && maxRemoveFraction <= 1, 'over 0 and up to 1')
  expect('quotaBytes', quotaBytes, quotaBytes === undefined || quotaBytes > 0, 'over 0')
  expect('lockWaitMs', lockWaitMs, lockWaitMs >= 0, 'at least 0')

  const listeners = new Set<(event: VaultEvent) => void>()
  const emit = (event: VaultEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch { /* A listener's trouble is its own. */ }
    }
  }
  const store = typeof options.store === 'string' ? openFolderStore({ path: options.store }) : options.store
  const context: VaultContext = {
    store, clock, host, policy, quotaBytes, graceMs, maxRemoveFraction, scratchFolder, emit,
    level: compressionLevel,
    cipher: encryption && createCipher(encryption),
    anomalies: anomalies === false ? undefined : { ...defaultAnomalyLimits, ...anomalies },
    change: createChange(store, lockWaitMs, () => context),
  }
  const reported = async <T>(operation: string, step: () => Promise<T>): Promise<Result<T, HiveError>> => {
    const result = await attempt(step)
    if (result.isErr()) emit({ type: 'failed', operation, code: result.error.code, message: result.error.message })
    return result
  }
  const newestFirst = (a: BackupRecord, b: BackupRecord): number => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)
  const requirePolicy = (given: RotationPolicy | undefined): RotationPolicy => {
    if (given ?? policy) return (given ?? policy)!
    throw new RangeError('Expected a policy, got none: neither this call nor the vault has one.')
  }

  return {
    create: request => reported('create', () => createBackup(context, request)),
    list: ({ signal } = {}) => attempt(async () => [...(await loadCatalog(context, { signal })).records.values()].toSorted(newestFirst)),
    trash: () => attempt(async () => [...(await loadTrash(context)).records.values()].toSorted((a, b) => b.manifest.createdAt - a.manifest.createdAt)),
    files: (id, { signal } = {}) => attempt(async () => await readIndex(context, requireRecord(await loadCatalog(context, { signal }), id).payload, signal)),
    verify: (request = {}) => reported('verify', () => verifyBackups(context, request)),
    restore: request => reported('restore', () => restoreBackup(context, request)),
    exportZip: request => reported('export', () => exportZip(context, request)),
    rotate: (request = {}) => reported('rotate', () => rotateVault(context, request)),
    undelete: (id, { signal } = {}) => reported('undelete', () => undeleteBackup(context, id, signal)),
    approve: (id, { signal } = {}) => reported('approve', () => approveBackup(context, id, signal)),
    orphans: (request = {}) => reported('orphans', () => sweepOrphans(context, request)),
    recompress: (request = {}) => reported('recompress', () => recompressVault(context, request)),
    explain: (id, given) => attempt(async () => {
      const catalog = await loadCatalog(context)
      requireRecord(catalog, id)
      return explainRotation(id, [...catalog.records.values()].map(asCandidate), requirePolicy(given), { now: clock(), preferVerified: true })
    }),
    forecast: ({ years, schedule = {}, policy: given }) => attempt(async () => {
      const existing = [...(await loadCatalog(context)).records.values()].toSorted((a, b) => a.createdAt - b.createdAt)
        .map(record => ({ ...record, bytes: record.payload.bytes }))
      const usual: BackupSchedule = { everyMs: 86_400_000, bytes: existing.at(-1)?.bytes ?? 0, ...schedule }
      return forecastRotation(requirePolicy(given), usual, { now: clock(), years, existing })
    }),
    snapshot: () => attempt(async () => {
      const catalog = await loadCatalog(context)
      const records = [...catalog.records.values()].toSorted(newestFirst)
      const states = { committed: 0, verified: 0, suspect: 0, corrupt: catalog.damaged.size }
      for (const record of records) states[record.verification.state]++
      return {
        location: store.location, backups: records.length, states, quotaBytes,
        newestAt: records[0]?.createdAt,
        newestVerifiedAt: records.find(record => record.verification.state === 'verified')?.createdAt,
        storedBytes: await storedBytes(context),
        trashed: (await loadTrash(context)).records.size,
        unapproved: records.filter(record => record.anomalies.length > 0 && !record.approved).map(record => record.id),
      }
    }),
    onEvent: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    [Symbol.asyncDispose]: async () => {
      try {
        await store[Symbol.asyncDispose]()
      } catch (thrown) {
        throw toHiveError(thrown)
      }
    },
  }
}

const expect = (name: string, value: unknown, holds: boolean, expected: string): void => {
  if (!holds) throw new RangeError(`Expected ${name} ${expected}, got ${String(value)}.`)
}
