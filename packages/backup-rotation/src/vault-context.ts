import { HiveError } from '@hivekit/errors'
import type { AnomalyLimits } from './anomaly-gate.ts'
import { decodeManifest, type BackupManifest } from './backup-manifest.ts'
import type { BackupStore, StoreLock } from './backup-store.ts'
import { decodeCatalog, encodeCatalog, newRecord, type BackupRecord, type Catalog } from './catalog.ts'
import type { Cipher } from './encryption.ts'
import { toHiveError } from './failure.ts'
import type { RotationPolicy } from './rotation-policy.ts'
import { decodeTrash, type TrashRecord } from './trash-record.ts'
import type { VaultEvent } from './vault-event.ts'
import { idOfKey, vaultKeys } from './vault-keys.ts'

/** What the parts of a vault share. */
export interface VaultContext {
  readonly store: BackupStore
  readonly clock: () => number
  readonly host: string
  readonly cipher: Cipher | undefined
  readonly level: number
  readonly policy: RotationPolicy | undefined
  readonly quotaBytes: number | undefined
  readonly graceMs: number
  readonly maxRemoveFraction: number
  readonly anomalies: AnomalyLimits | undefined
  readonly scratchFolder: string
  readonly emit: (event: VaultEvent) => void
  /** Runs a change under the lock, after repairing what an earlier holder left half done. */
  readonly change: <T>(signal: AbortSignal | undefined, step: (lock: StoreLock, signal: AbortSignal) => Promise<T>) => Promise<T>
}

/** Reads a whole object; meant for small ones. */
export const readObject = async (store: BackupStore, key: string, signal?: AbortSignal): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of store.read(key, { signal })) parts.push(part)
  return Buffer.concat(parts)
}

/**
 * Reads what there is: manifests decide, the catalog adds what it remembers. With `fresh` every manifest is read again, as it must be
 * before anything is removed: after a crash a remembered one may be out of date.
 */
export const loadCatalog = async (
  { store }: VaultContext, { fresh = false, signal }: { readonly fresh?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<Catalog> => {
  const remembered = await readObject(store, vaultKeys.catalog, signal).then(decodeCatalog, (thrown: unknown) => {
    if (toHiveError(thrown).code === 'not_found') return new Map<string, BackupRecord>()
    throw thrown
  })
  const records = new Map<string, BackupRecord>()
  const damaged = new Set<string>()
  for await (const { key } of store.list('backups/', { signal })) {
    const id = idOfKey(key, 'backups')
    if (id === undefined) continue
    const known = remembered.get(id)
    if (known) records.set(id, known)
    if (known && !fresh) continue
    try {
      const { verification, approved } = known ?? newRecord(await readManifest(store, id, signal))
      records.set(id, { ...await readManifest(store, id, signal), verification, approved })
    } catch (thrown) {
      const { code } = toHiveError(thrown)
      if (code === 'data_corrupt') damaged.add(id)
      else if (code === 'not_found') records.delete(id)
      else throw thrown
    }
  }
  return { records, damaged }
}

/** Remembers the catalog. */
export const saveCatalog = async (lock: StoreLock, catalog: Catalog): Promise<void> => {
  await lock.write(vaultKeys.catalog, encodeCatalog(catalog), { replace: true })
}

/** Reads one manifest from the store. */
export const readManifest = async (store: BackupStore, id: string, signal?: AbortSignal): Promise<BackupManifest> =>
  decodeManifest(await readObject(store, vaultKeys.manifest(id), signal), id)

/** Reads the trash. Records that cannot be read come as `damaged`. */
export const loadTrash = async ({ store }: VaultContext): Promise<{ records: Map<string, TrashRecord>; damaged: Set<string> }> => {
  const records = new Map<string, TrashRecord>()
  const damaged = new Set<string>()
  for await (const { key } of store.list('trash/')) {
    const id = idOfKey(key, 'trash')
    if (id === undefined) continue
    const stored = await readObject(store, key)
    try {
      records.set(id, decodeTrash(stored, id))
    } catch {
      damaged.add(id)
    }
  }
  return { records, damaged }
}

/** Every payload that some backup needs, trashed ones but for those being purged included; and whether all of them could be asked. */
export const payloadReferences = async (
  context: VaultContext, catalog: Catalog, purged: readonly string[] = [],
): Promise<{ keys: Set<string>; complete: boolean }> => {
  const trash = await loadTrash(context)
  const keys = new Set<string>()
  const trashed = [...trash.records.values()].map(record => record.manifest).filter(({ id }) => !purged.includes(id))
  for (const { payload } of [...catalog.records.values(), ...trashed]) {
    keys.add(payload.key).add(payload.index.key)
  }
  return { keys, complete: catalog.damaged.size === 0 && trash.damaged.size === 0 }
}

/** Finds a backup or fails with `not_found`. */
export const requireRecord = (catalog: Catalog, id: string): BackupRecord => {
  const record = catalog.records.get(id)
  if (record) return record
  throw catalog.damaged.has(id)
    ? new HiveError('data_corrupt', `The manifest of backup ${id} is damaged.`, { details: { id } })
    : new HiveError('not_found', `There is no backup ${id}.`, { details: { id } })
}
