import type { BackupRecord, Catalog } from './catalog.ts'
import { guardSets } from './removal-guard.ts'
import { moveToTrash, purgeTrash } from './trash.ts'
import { loadCatalog, loadTrash, payloadReferences, type VaultContext } from './vault-context.ts'
import { idOfKey, idOfPayload, vaultKeys } from './vault-keys.ts'

/** Something in the store that belongs to no whole backup. */
export interface Orphan {
  /** Its key, or the store's name for a leftover. */
  readonly key: string
  /** What it is. `unrecognised` things are none of ours and are never removed. */
  readonly kind: 'leftover' | 'payload' | 'manifest' | 'trash' | 'unrecognised'
  /** Its size in bytes. */
  readonly bytes: number
  /** When it was last written, epoch milliseconds. */
  readonly modifiedAt: number
  /** Why it counts as an orphan, in words. */
  readonly reason: string
}

/** How to look for orphans. */
export interface OrphanRequest {
  /** Removes those old enough. Default false: only lists. */
  readonly clean?: boolean
  /** How old an orphan must be to be removed, in ms. Default 86,400,000: a day. */
  readonly minAgeMs?: number
  /** Cancels. */
  readonly signal?: AbortSignal
}

/** What was found, and what of it was removed. */
export interface OrphanReport {
  /** All orphans. */
  readonly found: readonly Orphan[]
  /** Keys of those that were removed; manifests went to the trash. */
  readonly cleaned: readonly string[]
}

const ours = new Set<string>([vaultKeys.catalog])

/** Lists orphans with their reasons; with `clean`, removes those past the age, and nothing it does not recognise. */
export const sweepOrphans = (context: VaultContext, { clean = false, minAgeMs = 86_400_000, signal: outer }: OrphanRequest): Promise<OrphanReport> =>
  context.change(outer, async (lock, signal) => {
    const catalog = await loadCatalog(context, { fresh: true, signal })
    const found: Orphan[] = []
    for await (const { name, ...leftover } of context.store.leftovers({ signal })) found.push({ key: name, kind: 'leftover', ...leftover })
    found.push(...await strays(context, catalog, signal))
    if (!clean) return { found, cleaned: [] }

    const old = found.filter(orphan => orphan.modifiedAt + minAgeMs <= context.clock())
    const cleaned: string[] = []
    for (const { key, kind } of old) {
      if (kind === 'leftover') await lock.removeLeftover(key)
      else if (kind === 'payload') await lock.remove(key)
      else continue
      cleaned.push(key)
    }
    const keysOf = (kind: Orphan['kind']): Set<string> => new Set(old.filter(orphan => orphan.kind === kind).map(orphan => orphan.key))
    const hollow = keysOf('manifest')
    // Even a hollow backup stays while its set has no verified one: it says what there was.
    const safe = guardSets(context, catalog).filter(set => set.newestVerified).flatMap(set => set.records)
    const doomed = safe.filter(record => hollow.has(vaultKeys.manifest(record.id))).map((record: BackupRecord) => ({ record, reason: 'its bytes are missing' }))
    await moveToTrash(context, lock, catalog, doomed)
    cleaned.push(...doomed.map(({ record }) => vaultKeys.manifest(record.id)))
    const empty = keysOf('trash')
    const purged = [...(await loadTrash(context)).records.values()].filter(({ manifest }) => empty.has(vaultKeys.trash(manifest.id)))
    await purgeTrash(context, lock, purged, 'its bytes are missing')
    cleaned.push(...purged.map(({ manifest }) => vaultKeys.trash(manifest.id)))
    return { found, cleaned }
  })

const strays = async (context: VaultContext, catalog: Catalog, signal: AbortSignal): Promise<Orphan[]> => {
  const objects = new Map((await Array.fromAsync(context.store.list('', { signal }))).map(object => [object.key, object]))
  const trash = await loadTrash(context)
  const { keys: needed, complete } = await payloadReferences(context, catalog)
  const missing = ({ payload }: BackupRecord | { payload: BackupRecord['payload'] }): string | undefined =>
    [payload.key, payload.index.key].find(key => !objects.has(key))
  const found: Orphan[] = []
  for (const object of objects.values()) {
    const { key } = object
    const live = idOfKey(key, 'backups')
    const trashed = idOfKey(key, 'trash')
    const payloadOf = idOfPayload(key)
    if (live !== undefined) {
      const record = catalog.records.get(live)
      const lacks = record && missing(record)
      if (lacks !== undefined) found.push({ ...object, kind: 'manifest', reason: `its ${lacks} is missing` })
    } else if (trashed !== undefined) {
      const record = trash.records.get(trashed)
      const lacks = record && missing(record.manifest)
      if (lacks !== undefined) found.push({ ...object, kind: 'trash', reason: `its ${lacks} is missing` })
    } else if (payloadOf !== undefined) {
      const owned = needed.has(key) || catalog.damaged.has(payloadOf) || trash.damaged.has(payloadOf)
      // While a manifest cannot be read, nobody knows what it needs.
      if (!owned && complete) found.push({ ...object, kind: 'payload', reason: 'no manifest needs it' })
    } else if (!ours.has(key) && !/^journal\/\d+\.json$/.test(key)) {
      found.push({ ...object, kind: 'unrecognised', reason: 'it is none of the vault\'s; it is left alone' })
    }
  }
  return found
}
