import { HiveError } from '@hivekit/errors'
import { encodeManifest } from './backup-manifest.ts'
import type { StoreLock } from './backup-store.ts'
import type { BackupRecord, Catalog } from './catalog.ts'
import { journaled, removeUnreferenced } from './journal.ts'
import { encodeTrash, type TrashRecord } from './trash-record.ts'
import { loadCatalog, loadTrash, saveCatalog, type VaultContext } from './vault-context.ts'
import { vaultKeys } from './vault-keys.ts'

/** Moves backups to the trash: each manifest is copied there, then removed. Their bytes stay until they are purged. */
export const moveToTrash = async (
  context: VaultContext, lock: StoreLock, catalog: Catalog, doomed: readonly { readonly record: BackupRecord; readonly reason: string }[],
): Promise<void> => {
  if (doomed.length === 0) return
  await journaled(context, lock, { operation: 'trash', ids: doomed.map(({ record }) => record.id), keys: [] }, async () => {
    for (const { record, reason } of doomed) {
      const { verification, approved: _, ...manifest } = record
      const trash: TrashRecord = { trashedAt: context.clock(), reason, manifest, verification }
      await lock.write(vaultKeys.trash(record.id), encodeTrash(trash), { replace: true })
      await lock.remove(vaultKeys.manifest(record.id))
      catalog.records.delete(record.id)
      context.emit({ type: 'trashed', id: record.id, reason })
    }
  })
  await saveCatalog(lock, catalog)
}

/** Takes a backup back out of the trash. */
export const undeleteBackup = (context: VaultContext, id: string, signal?: AbortSignal): Promise<BackupRecord> =>
  context.change(signal, async lock => {
    const catalog = await loadCatalog(context)
    const trash = (await loadTrash(context)).records.get(id)
    if (!trash) throw new HiveError('not_found', `There is no backup ${id} in the trash.`, { details: { id } })
    const { manifest, verification } = trash
    if (!(await context.store.stat(manifest.payload.key))) {
      throw new HiveError('data_corrupt', `The bytes of backup ${id} are gone: it cannot be taken back.`, { details: { id } })
    }
    const record: BackupRecord = { ...manifest, verification, approved: manifest.anomalies.length > 0 }
    await journaled(context, lock, { operation: 'undelete', ids: [id], keys: [] }, async () => {
      await lock.write(vaultKeys.manifest(id), encodeManifest(manifest))
      await lock.remove(vaultKeys.trash(id))
    })
    catalog.records.set(id, record)
    await saveCatalog(lock, catalog)
    context.emit({ type: 'undeleted', id })
    return record
  })

/** Removes trashed backups and their bytes for good. Doing it again after a crash goes on where it stopped. */
export const purgeTrash = async (
  context: VaultContext, lock: StoreLock, doomed: readonly { readonly manifest: TrashRecord['manifest'] }[], reason: string,
): Promise<void> => {
  if (doomed.length === 0) return
  const ids = doomed.map(({ manifest }) => manifest.id)
  const keys = doomed.flatMap(({ manifest: { payload } }) => [payload.key, payload.index.key])
  await journaled(context, lock, { operation: 'purge', ids, keys }, async () => {
    await removeUnreferenced(context, lock, keys, ids)
    for (const id of ids) {
      await lock.remove(vaultKeys.trash(id))
      context.emit({ type: 'purged', id, reason })
    }
  })
}

/**
 * Says which trashed backups may be purged: those past the grace period, unless their set has no verified backup left,
 * for then the trash may hold the last good one.
 */
export const purgeable = async (context: VaultContext, catalog: Catalog, graceMs = context.graceMs): Promise<{ ready: TrashRecord[]; held: TrashRecord[] }> => {
  const setOf = ({ host, paths }: { readonly host: string; readonly paths: readonly string[] }): string => JSON.stringify([host, paths.toSorted()])
  const safe = new Set([...catalog.records.values()].filter(record => record.verification.state === 'verified').map(setOf))
  const due = [...(await loadTrash(context)).records.values()]
    .filter(record => record.trashedAt + graceMs <= context.clock())
    .toSorted((a, b) => a.manifest.createdAt - b.manifest.createdAt)
  return {
    ready: due.filter(record => safe.has(setOf(record.manifest)) || record.verification.state === 'corrupt'),
    held: due.filter(record => !safe.has(setOf(record.manifest)) && record.verification.state !== 'corrupt'),
  }
}
