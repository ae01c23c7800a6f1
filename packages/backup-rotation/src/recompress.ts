import { HiveError } from '@hivekit/errors'
import { randomBytes } from 'node:crypto'
import { encodeManifest, type BackupPayload } from './backup-manifest.ts'
import type { StoreLock } from './backup-store.ts'
import type { BackupRecord, Catalog } from './catalog.ts'
import { journaled, removeUnreferenced } from './journal.ts'
import { readIndex, readRaw } from './payload-reader.ts'
import { draftPayload } from './payload-writer.ts'
import { loadCatalog, saveCatalog, type VaultContext } from './vault-context.ts'
import type { BackupProgress } from './vault-event.ts'
import { vaultKeys } from './vault-keys.ts'

/** From what age on a backup is packed how hard. */
export interface CompressionTier {
  /** Age in days, over 0. */
  readonly olderThanDays: number
  /** zstd level, 1 to 22. 9 takes about 5 times the CPU of 3 for 9 % less, 19 about 110 times for 22 %. */
  readonly level: number
}

/** What to recompress. */
export interface RecompressRequest {
  /** The tiers. Default: level 9 from 30 days on. */
  readonly tiers?: readonly CompressionTier[]
  /** Begins no further archive after so many milliseconds, but always one. Default: no limit. */
  readonly budgetMs?: number
  /** Says what would be done and does nothing. Default false. */
  readonly dryRun?: boolean
  /** Told how far it has come. */
  readonly onProgress?: (progress: BackupProgress) => void
  /** Cancels; the old copy stays. */
  readonly signal?: AbortSignal
}

/** What was recompressed. */
export interface RecompressReport {
  /** Each archive, with its stored bytes before and after (the same in a dry run). */
  readonly done: readonly { /** The backups that share the archive. */ readonly ids: readonly string[]; /** Its level. */ readonly level: number; /** Stored bytes before. */ readonly before: number; /** Stored bytes after. */ readonly after: number }[]
  /** Archives that the budget left no time for. */
  readonly left: number
}

const dayMs = 86_400_000

/** Packs old backups harder. The new copy is decoded and compared with the old one before manifests point to it; then the old one goes. */
export const recompressVault = (context: VaultContext, request: RecompressRequest): Promise<RecompressReport> => {
  const { tiers = [{ olderThanDays: 30, level: 9 }], budgetMs = Infinity, dryRun = false, onProgress, signal: outer } = request
  for (const { olderThanDays, level } of tiers) {
    if (!(olderThanDays > 0) || !Number.isInteger(level) || level < 1 || level > 22) {
      throw new RangeError(`Expected tiers of olderThanDays over 0 and a level from 1 to 22, got ${olderThanDays} and ${level}.`)
    }
  }
  return context.change(outer, async (lock, signal) => {
    const began = performance.now()
    const catalog = await loadCatalog(context, { signal })
    const done: RecompressReport['done'][number][] = []
    let left = 0
    for (const sharing of Map.groupBy(catalog.records.values(), record => record.payload.key).values()) {
      const { payload } = sharing[0]!
      const ageDays = (context.clock() - Math.max(...sharing.map(record => record.createdAt))) / dayMs
      const level = Math.max(0, ...tiers.filter(tier => ageDays >= tier.olderThanDays).map(tier => tier.level))
      const state = sharing[0]!.verification.state
      if (level <= payload.compression.level || state === 'corrupt' || state === 'suspect') continue
      if (done.length > 0 && performance.now() - began >= budgetMs) {
        left++
        continue
      }
      const after = dryRun ? payload : await recompressOne(context, lock, catalog, sharing, { level, onProgress, signal })
      done.push({ ids: sharing.map(record => record.id), level, before: payload.bytes, after: after.bytes })
    }
    return { done, left }
  })
}

const recompressOne = async (context: VaultContext, lock: StoreLock, catalog: Catalog, sharing: readonly BackupRecord[], { level, onProgress, signal }: {
  readonly level: number; readonly onProgress: RecompressRequest['onProgress']; readonly signal: AbortSignal
}): Promise<BackupPayload> => {
  const { payload: old, id } = sharing[0]!
  const draft = draftPayload(context, id, `-l${level}-${randomBytes(3).toString('hex')}`, level)
  const keys = [draft.archiveKey, draft.indexKey, old.key, old.index.key]
  return await journaled(context, lock, { operation: 'recompress', ids: [], keys }, async () => {
    const index = await readIndex(context, old, signal)
    let bytes = 0
    const blocks = async function* (): AsyncGenerator<Buffer> {
      for await (const block of readRaw(context, old, index, signal)) {
        onProgress?.({ phase: 'recompress', id, bytes: (bytes += block.length), totalBytes: old.rawBytes })
        yield block
      }
    }
    const payload = await draft.write(lock, blocks(), index, { signal })
    if (payload.rawSha256 !== old.rawSha256) throw new HiveError('data_corrupt', `Backup ${id} came out differently when it was recompressed; the old copy stays.`)
    for await (const _ of readRaw(context, payload, await readIndex(context, payload, signal), signal));

    for (const record of sharing) {
      const { verification, approved, ...manifest } = { ...record, payload }
      await lock.write(vaultKeys.manifest(record.id), encodeManifest(manifest), { replace: true, signal })
      const now = context.clock()
      catalog.records.set(record.id, { ...manifest, approved, verification: { ...verification, state: 'verified', verifiedAt: now, checkedAt: now } })
    }
    await saveCatalog(lock, catalog)
    await removeUnreferenced(context, lock, [old.key, old.index.key])
    context.emit({ type: 'recompressed', id, before: old.bytes, after: payload.bytes })
    return payload
  })
}
