import { HiveError } from '@hivekit/errors'
import type { BackupRecord, Catalog } from './catalog.ts'
import type { KeepReason } from './keep-reason.ts'
import { planRotation, type PlanOptions } from './plan-rotation.ts'
import { guardSets, proveSurvivor, type GuardedSet } from './removal-guard.ts'
import { checkPolicy, type RotationPolicy } from './rotation-policy.ts'
import { moveToTrash, purgeable, purgeTrash } from './trash.ts'
import { loadCatalog, saveCatalog, type VaultContext } from './vault-context.ts'

/** How to rotate. */
export interface RotateRequest extends Pick<PlanOptions, 'timeZone' | 'semantics'> {
  /** What to keep. Default: the vault's policy. */
  readonly policy?: RotationPolicy
  /** Says what would be done and does nothing. Default false. */
  readonly dryRun?: boolean
  /** Cancels between two removals. */
  readonly signal?: AbortSignal
}

/** What a rotation did, or would do. */
export interface RotateReport {
  /** What stays, and why. */
  readonly kept: readonly { /** Which backup. */ readonly id: string; /** Why it stays. */ readonly reasons: readonly KeepReason[]; /** What protects it, where no rule does. */ readonly protectedBy?: string }[]
  /** What went to the trash. */
  readonly removed: readonly { /** Which backup. */ readonly id: string; /** Why, in words. */ readonly reason: string }[]
  /** What the policy would remove as well, had the limit of one run not been reached. */
  readonly deferred: readonly string[]
  /** Sets of which nothing was removed, and why. */
  readonly blocked: readonly { /** Which set. */ readonly set: string; /** Why, in words. */ readonly reason: string }[]
  /** What left the trash for good. */
  readonly purged: readonly string[]
  /** What stays in the trash beyond its time, because its set has no verified backup. */
  readonly held: readonly string[]
}

/** Applies a policy under the lock: recomputed there, survivors proved first, removals written down, moved to the trash, purged later. */
export const rotateVault = (context: VaultContext, request: RotateRequest): Promise<RotateReport> => {
  const { policy = context.policy, dryRun = false, signal: outer } = request
  if (!policy) throw new RangeError('Expected a policy, got none: neither this call nor the vault has one.')
  checkPolicy(policy)
  return context.change(outer, async (lock, signal) => {
    const catalog = await loadCatalog(context, { signal })
    const sets: SetPlan[] = []
    for (const { name } of guardSets(context, catalog, policy.groupBy)) {
      const again = (): GuardedSet => guardSets(context, catalog, policy.groupBy).find(set => set.name === name)!
      let plan = planSet(context, again(), policy, request)
      // A survivor that no longer verifies changes the plan; each round marks one, so this ends.
      while (plan.remove.length > 0) {
        if (dryRun || (await proveSurvivor(context, catalog, again(), signal))) break
        plan = planSet(context, again(), policy, request)
      }
      sets.push(plan)
    }
    const doomed = sets.flatMap(set => set.remove)
    const { ready, held } = await purgeable(context, catalog)
    if (!dryRun) {
      await saveCatalog(lock, catalog)
      await moveToTrash(context, lock, catalog, doomed)
      await purgeTrash(context, lock, ready, 'its time in the trash is over')
    }
    return {
      kept: sets.flatMap(set => set.kept),
      removed: doomed.map(({ record, reason }) => ({ id: record.id, reason })),
      deferred: sets.flatMap(set => set.deferred),
      blocked: sets.flatMap(set => (set.blocked === undefined ? [] : [{ set: set.name, reason: set.blocked }])),
      purged: ready.map(record => record.manifest.id),
      held: held.map(record => record.manifest.id),
    }
  })
}

interface SetPlan {
  readonly name: string
  readonly blocked: string | undefined
  readonly kept: RotateReport['kept']
  readonly remove: readonly { readonly record: BackupRecord; readonly reason: string }[]
  readonly deferred: readonly string[]
}

/** Plans one set: the policy proposes, the guard disposes. Corrupt backups fill no bucket and are not touched here. */
export const planSet = (
  context: VaultContext, { name, records, blocked, newestVerified, limit }: GuardedSet, policy: RotationPolicy, options: Pick<PlanOptions, 'timeZone' | 'semantics'>,
): SetPlan => {
  const everything = (protectedBy: string): RotateReport['kept'] => records.map(({ id }) => ({ id, reasons: [], protectedBy }))
  if (blocked !== undefined) return { name, blocked, kept: everything(blocked), remove: [], deferred: [] }
  const candidates = records.filter(record => record.verification.state !== 'corrupt').map(asCandidate)
  const corrupt = records.filter(record => record.verification.state === 'corrupt').map(({ id }) => ({ id, reasons: [], protectedBy: 'corrupt: look at it, then clean it up by hand' }))
  try {
    const plan = planRotation(candidates, policy, {
      now: context.clock(), preferVerified: true, ...(options.timeZone && { timeZone: options.timeZone }), ...(options.semantics && { semantics: options.semantics }),
    })
    const doomed = plan.remove.filter(record => record.id !== newestVerified?.id)
    const rescued = plan.remove.filter(record => record.id === newestVerified?.id).map(({ id }) => ({ id, reasons: [], protectedBy: 'the newest verified backup of its set' }))
    // Oldest first: what waits for the next run is what is worth most.
    const now = doomed.toReversed().slice(0, limit)
    const deferred = doomed.filter(record => !now.includes(record)).map(({ id }) => id)
    return {
      name, blocked, deferred,
      kept: [...plan.keep.map(({ backup, reasons }) => ({ id: backup.id, reasons })), ...rescued, ...corrupt],
      remove: now.map(record => ({ record, reason: 'no rule of the policy keeps it' })),
    }
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    return { name, blocked: thrown.message, kept: everything(thrown.message), remove: [], deferred: [] }
  }
}

/** A record as planning sees it. */
export const asCandidate = (record: BackupRecord): BackupRecord & { readonly verified: boolean } => ({ ...record, verified: record.verification.state === 'verified' })

/** Marks the anomalies of a backup as expected. */
export const approveBackup = (context: VaultContext, id: string, signal?: AbortSignal): Promise<void> =>
  context.change(signal, async lock => {
    const catalog: Catalog = await loadCatalog(context)
    const record = catalog.records.get(id)
    if (!record) throw new HiveError('not_found', `There is no backup ${id}.`, { details: { id } })
    catalog.records.set(id, { ...record, approved: true })
    await saveCatalog(lock, catalog)
    context.emit({ type: 'approved', id })
  })
