import type { BackupRecord, Catalog } from './catalog.ts'
import { groupBackups } from './group-backups.ts'
import type { RotationPolicy } from './rotation-policy.ts'
import type { VaultContext } from './vault-context.ts'
import { verifyOne } from './verify-backup.ts'

/** One set of backups, and what may not be done to it. */
export interface GuardedSet {
  readonly name: string
  /** Newest first. */
  readonly records: readonly BackupRecord[]
  /** Why nothing of it may be removed, in words. */
  readonly blocked: string | undefined
  /** The one that must stay whatever a policy says. */
  readonly newestVerified: BackupRecord | undefined
  /** How many may go in one run. */
  readonly limit: number
}

/** Splits the catalog into sets and states, for each, what protects it. */
export const guardSets = ({ maxRemoveFraction }: VaultContext, catalog: Catalog, groupBy: RotationPolicy['groupBy'] = ['host', 'paths']): GuardedSet[] =>
  [...groupBackups([...catalog.records.values()], groupBy)].map(([name, group]) => {
    const records = group.toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    const newestVerified = records.find(record => record.verification.state === 'verified')
    const strange = records.find(record => record.anomalies.length > 0 && !record.approved)
    const blocked = strange
      ? `backup ${strange.id} is ${strange.anomalies.join(' and ')}: nothing is removed until a person approves it`
      : newestVerified ? undefined : 'no backup of the set is verified, so nothing of it is removed'
    return { name, records, blocked, newestVerified, limit: Math.max(1, Math.floor(records.length * maxRemoveFraction)) }
  })

/**
 * Verifies the newest verified backup of a set once more, just before others are removed in its favour. One that fails is
 * marked in the catalog, and the answer is false: plan again.
 */
export const proveSurvivor = async (context: VaultContext, catalog: Catalog, { newestVerified }: GuardedSet, signal: AbortSignal): Promise<boolean> => {
  if (!newestVerified) return false
  const verification = await verifyOne(context, newestVerified, 'deep', undefined, signal)
  for (const [id, record] of catalog.records) {
    if (record.payload.key === newestVerified.payload.key) catalog.records.set(id, { ...record, verification })
  }
  const { state, finding } = verification
  context.emit({ type: 'checked', id: newestVerified.id, state, depth: 'deep', ...(finding && { finding }) })
  return state === 'verified'
}
