import { findAnomalies } from './anomaly-gate.ts'
import { encodeManifest, newBackupId, type BackupManifest, type BackupPayload } from './backup-manifest.ts'
import { describeSource, planSource, type BackupSource } from './backup-source.ts'
import type { StoreLock } from './backup-store.ts'
import { createBlockPool } from './block-pool.ts'
import { newRecord, type BackupRecord, type Catalog, type Verification } from './catalog.ts'
import type { BackupNote, FileEntry, FileIndex } from './file-index.ts'
import { journaled } from './journal.ts'
import { packArchive } from './pack-archive.ts'
import { readIndex } from './payload-reader.ts'
import { draftPayload } from './payload-writer.ts'
import { makeRoom } from './quota.ts'
import type { PlannedEntry } from './scan-folder.ts'
import { withScratch } from './scratch-folder.ts'
import { loadCatalog, saveCatalog, type VaultContext } from './vault-context.ts'
import type { BackupProgress } from './vault-event.ts'
import { vaultKeys } from './vault-keys.ts'

/** What to back up. */
export interface CreateRequest {
  /** What it is made of; at least one. */
  readonly sources: readonly BackupSource[]
  /** Labels; rotation can keep by them. */
  readonly tags?: readonly string[]
  /** Packs anew even when nothing changed since the last backup of the same sources. Default false. */
  readonly force?: boolean
  /** Told how far it has come. */
  readonly onProgress?: (progress: BackupProgress) => void
  /** Cancels; nothing is committed then. */
  readonly signal?: AbortSignal
}

/** A backup that was made. */
export interface CreatedBackup {
  /** The backup. */
  readonly backup: BackupRecord
  /** Nothing had changed: it shares the bytes of an earlier one. */
  readonly unchanged: boolean
  /** What about the sources did not go as it should. */
  readonly notes: readonly BackupNote[]
}

/** Makes a backup: packed, synced, reread and compared before its manifest commits it. */
export const createBackup = async (context: VaultContext, request: CreateRequest): Promise<CreatedBackup> => {
  const { sources, tags = [], force = false, onProgress, signal: outer } = request
  if (sources.length === 0) throw new RangeError('Expected at least one source, got none.')
  const described = sources.map(describeSource)
  const names = described.map(({ as }) => as)
  if (names.some((name, index) => names.some((other, at) => at !== index && (other === name || other.startsWith(`${name}/`))))) {
    throw new RangeError(`Expected sources with distinct names, got ${names.join(', ')}; set "as".`)
  }
  return await context.change(outer, async (lock, signal) => {
    const began = performance.now()
    const createdAt = context.clock()
    const id = newBackupId(createdAt)
    const catalog = await loadCatalog(context, { signal })
    const paths = described.map(({ from }) => from)
    const history = [...catalog.records.values()].filter(record => sameSet(record, context.host, paths)).toSorted((a, b) => a.createdAt - b.createdAt)
    return await withScratch(context.scratchFolder, 'backup', async scratch => {
      const notes: BackupNote[] = []
      onProgress?.({ phase: 'scan', id, bytes: 0, totalBytes: 0 })
      const planned: PlannedEntry[] = []
      for (const source of sources) planned.push(...await planSource(source, { scratch, note: found => notes.push(found), signal }))
      const commit = async (made: Made): Promise<BackupRecord> => {
        const manifest: BackupManifest = {
          format: 'hivekit-backup', version: 1, id, createdAt, utcOffsetMinutes: -new Date(createdAt).getTimezoneOffset(), host: context.host, paths,
          tags, sources: described, payload: made.payload, files: made.files, bytes: made.bytes, notes: notes.length,
          anomalies: context.anomalies ? findAnomalies(made, history, context.anomalies) : [], fence: lock.fence,
        }
        await lock.write(vaultKeys.manifest(id), encodeManifest(manifest), { signal })
        return { ...newRecord(manifest), ...(made.verification && { verification: made.verification }) }
      }
      const same = force ? undefined : await unchangedSince(context, history.at(-1), planned, notes, signal)
      const backup = same ? await commit(same) : await packAll(context, lock, catalog, { id, planned, notes, history, onProgress, signal, commit })
      catalog.records.set(id, backup)
      await saveCatalog(lock, catalog)
      for (const reason of backup.anomalies) context.emit({ type: 'anomaly', id, reason })
      context.emit({
        type: 'created', id, bytes: backup.bytes, storedBytes: same ? 0 : backup.payload.bytes, unchanged: same !== undefined,
        durationMs: performance.now() - began,
      })
      return { backup, unchanged: same !== undefined, notes }
    })
  })
}

interface Made {
  readonly payload: BackupPayload
  readonly files: number
  readonly bytes: number
  /** What is known of a payload that was there before. */
  readonly verification?: Verification
}

const sameSet = (record: BackupManifest, host: string, paths: readonly string[]): boolean =>
  record.host === host && record.paths.length === paths.length && record.paths.every(path => paths.includes(path))

/** Finds that nothing changed: every path is there with the same inode, size, mode and times as when it was last packed. */
const unchangedSince = async (
  context: VaultContext, last: BackupRecord | undefined, planned: readonly PlannedEntry[], notes: readonly BackupNote[], signal: AbortSignal,
): Promise<Made | undefined> => {
  if (!last || notes.length > 0 || last.notes > 0 || last.verification.state === 'corrupt' || last.verification.state === 'suspect') return undefined
  if ((last.payload.encryption === 'age') !== (context.cipher !== undefined)) return undefined
  const index = await readIndex(context, last.payload, signal).catch((): FileIndex | undefined => undefined)
  const archive = await context.store.stat(last.payload.key, { signal })
  if (index?.entries.length !== planned.length || archive?.bytes !== last.payload.bytes) return undefined
  const same = planned.every(({ entry }, at) => sameEntry(entry, index.entries[at]!))
  return same ? { payload: last.payload, files: last.files, bytes: last.bytes, verification: last.verification } : undefined
}

const sameEntry = (now: FileEntry, then: FileEntry): boolean =>
  now.path === then.path && now.type === then.type && now.size === then.size && now.mode === then.mode && now.target === then.target
  && now.modifiedAt === then.modifiedAt && now.seen?.[0] === then.seen?.[0] && now.seen?.[1] === then.seen?.[1]

const packAll = async (context: VaultContext, lock: StoreLock, catalog: Catalog, { id, planned, notes, history, onProgress, signal, commit }: {
  readonly id: string; readonly planned: readonly PlannedEntry[]; readonly notes: BackupNote[]; readonly history: readonly BackupRecord[]
  readonly onProgress: ((progress: BackupProgress) => void) | undefined; readonly signal: AbortSignal
  readonly commit: (made: Made) => Promise<BackupRecord>
}): Promise<BackupRecord> => {
  const totalBytes = planned.reduce((sum, { entry }) => sum + entry.size, 0)
  await makeRoom(context, lock, catalog, estimate(totalBytes, planned.length, history.at(-1)), signal)

  const entries: FileEntry[] = []
  let packed = 0
  const pool = createBlockPool()
  const blocks = packArchive(planned, {
    take: pool.take,
    entry: entry => entries.push(entry), note: found => notes.push(found), signal,
    progress: more => onProgress?.({ phase: 'pack', id, bytes: (packed += more), totalBytes }),
  })
  const draft = draftPayload(context, id, '', context.level)
  return await journaled(context, lock, { operation: 'create', ids: [], keys: [draft.archiveKey, draft.indexKey] }, async () => {
    const payload = await draft.write(lock, blocks, { entries, notes }, { signal, release: pool.give })
    const files = entries.filter(entry => entry.type === 'file').length
    return await commit({ payload, files, bytes: entries.reduce((sum, entry) => sum + entry.size, 0) })
  })
}

/** What the store will grow by: as the last backup of the set packed, or not packed at all for the first; and a little for the lists. */
const estimate = (totalBytes: number, entries: number, last: BackupRecord | undefined): number => {
  const ratio = last && last.payload.rawBytes > 0 ? Math.min(1, (last.payload.bytes / last.payload.rawBytes) * 1.1) : 1
  return Math.ceil(totalBytes * ratio) + entries * 250 + 4_096
}
