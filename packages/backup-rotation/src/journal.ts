import type { StoreLock } from './backup-store.ts'
import { vaultKeys } from './vault-keys.ts'
import { loadCatalog, payloadReferences, readObject, saveCatalog, type VaultContext } from './vault-context.ts'

/** What is about to be done, written down first. */
export interface Intent {
  readonly operation: 'create' | 'recompress' | 'trash' | 'undelete' | 'purge'
  /** Backups it is about. */
  readonly ids: readonly string[]
  /** Payloads it writes or removes. */
  readonly keys: readonly string[]
}

/** Writes an intent down, does it, and strikes it out. A failure or a crash in between is finished or undone by {@link repairJournal}. */
export const journaled = async <T>(context: VaultContext, lock: StoreLock, intent: Intent, step: () => Promise<T>): Promise<T> => {
  const key = vaultKeys.journal(lock.fence)
  await lock.write(key, Buffer.from(JSON.stringify(intent)), { replace: true })
  try {
    const result = await step()
    await lock.remove(key)
    return result
  } catch (thrown) {
    // If even this fails, the next change under the lock does it.
    await repairJournal(context, lock).catch(() => {})
    throw thrown
  }
}

/** Brings what a dead holder left half done to one of its two ends, in one pass. Doing it again changes nothing. */
export const repairJournal = async (context: VaultContext, lock: StoreLock): Promise<void> => {
  const { store, emit } = context
  const entries: string[] = []
  for await (const { key } of store.list('journal/')) if (/^journal\/\d+\.json$/.test(key)) entries.push(key)
  for (const key of entries) {
    const intent = JSON.parse((await readObject(store, key)).toString()) as Intent
    const exists = async (name: string): Promise<boolean> => (await store.stat(name)) !== undefined
    for (const id of intent.ids) {
      const both = (await exists(vaultKeys.manifest(id))) && (await exists(vaultKeys.trash(id)))
      if (both) await lock.remove(intent.operation === 'undelete' ? vaultKeys.trash(id) : vaultKeys.manifest(id))
    }
    // A recompression rewrites manifests, and the catalog may not know of it yet.
    if (intent.operation === 'recompress') await saveCatalog(lock, await loadCatalog(context, { fresh: true }))
    if (intent.operation !== 'trash' && intent.operation !== 'undelete') {
      const purged = intent.operation === 'purge' ? intent.ids : []
      await removeUnreferenced(context, lock, intent.keys, purged)
      for (const id of purged) await lock.remove(vaultKeys.trash(id))
    }
    await lock.remove(key)
    emit({ type: 'repaired', operation: intent.operation, ids: intent.ids })
  }
}

/** Removes payloads that no backup needs, those in the trash included but for the ones being purged. Unreadable manifests veto. */
export const removeUnreferenced = async (
  context: VaultContext, lock: StoreLock, keys: readonly string[], purged: readonly string[] = [],
): Promise<void> => {
  const catalog = await loadCatalog(context, { fresh: true })
  const { keys: needed, complete } = await payloadReferences(context, catalog, purged)
  if (!complete) return
  for (const key of keys) if (!needed.has(key)) await lock.remove(key)
}
