import { HiveError } from '@hivekit/errors'
import type { BackupManifest } from './backup-manifest.ts'
import type { StoreLock } from './backup-store.ts'
import type { BackupRecord, Catalog } from './catalog.ts'
import { guardSets, proveSurvivor } from './removal-guard.ts'
import { planSet } from './rotate-vault.ts'
import { moveToTrash, purgeable, purgeTrash } from './trash.ts'
import { loadTrash, saveCatalog, type VaultContext } from './vault-context.ts'

const dayMs = 86_400_000

/** Counts all that is stored. */
export const storedBytes = async ({ store }: VaultContext, signal?: AbortSignal): Promise<number> => {
  let bytes = 0
  for await (const object of store.list('', { signal })) bytes += object.bytes
  return bytes
}

interface Victim {
  readonly manifest: BackupManifest
  /** Still live: it must go to the trash first. */
  readonly record: BackupRecord | undefined
  readonly reason: string
}

/**
 * Makes room for a backup within the quota. Nothing is touched unless it is enough: what is in the trash goes first, then what the
 * policy would remove, then what leaves the smallest hole, under all the rules of a rotation. Else fails with `storage_full`.
 */
export const makeRoom = async (context: VaultContext, lock: StoreLock, catalog: Catalog, needed: number, signal: AbortSignal): Promise<void> => {
  const free = await context.store.freeBytes?.()
  if (free !== undefined && free < needed) {
    throw new HiveError('storage_full', `About ${needed} bytes are needed, and ${context.store.location} has room for ${free}.`, { details: { needed, free } })
  }
  const { quotaBytes } = context
  if (quotaBytes === undefined) return
  const used = await storedBytes(context, signal)
  const missing = used + needed - quotaBytes
  if (missing <= 0) return

  const victims: Victim[] = []
  const trash = (await loadTrash(context)).records
  const freed = (): number => bytesOf(victims, [...catalog.records.values(), ...[...trash.values()].map(record => record.manifest)])
  for (const candidate of candidates(context, catalog, (await purgeable(context, catalog, 0)).ready)) {
    if (freed() >= missing) break
    victims.push(candidate)
  }
  if (freed() < missing) {
    throw new HiveError('storage_full', `The quota of ${quotaBytes} bytes is reached: ${used} are in use, about ${needed} more are needed, `
      + `and all that may be removed comes to ${freed()}. Nothing was removed.`, { details: { quotaBytes, used, needed, removable: freed() } })
  }
  for (const set of guardSets(context, catalog)) {
    const touched = victims.some(({ record }) => record && set.records.includes(record))
    if (touched && !(await proveSurvivor(context, catalog, set, signal))) {
      await saveCatalog(lock, catalog)
      throw new HiveError('storage_full', `The quota is reached, and room was to be made in favour of ${set.newestVerified?.id}, which no longer verifies. Nothing was removed.`)
    }
  }
  await moveToTrash(context, lock, catalog, victims.flatMap(({ record, reason }) => (record ? [{ record, reason }] : [])))
  await purgeTrash(context, lock, victims, 'room was needed within the quota')
}

/** What may go, in the order in which it goes. */
function* candidates(context: VaultContext, catalog: Catalog, trash: readonly { readonly manifest: BackupManifest }[]): Generator<Victim> {
  for (const { manifest } of trash) yield { manifest, record: undefined, reason: 'it was in the trash' }
  const sets = guardSets(context, catalog).filter(set => set.blocked === undefined)
  const gone = new Set<string>()
  const room = new Map(sets.map(set => [set.name, set.limit]))
  const take = (name: string, record: BackupRecord, reason: string): Victim => {
    gone.add(record.id)
    room.set(name, room.get(name)! - 1)
    return { manifest: manifestOf(record), record, reason }
  }
  if (context.policy) {
    for (const set of sets) for (const { record, reason } of planSet(context, set, context.policy, {}).remove) {
      yield take(set.name, catalog.records.get(record.id)!, reason)
    }
  }
  for (;;) {
    const now = context.clock()
    const options = sets.filter(set => room.get(set.name)! > 0).flatMap(set => {
      const left = set.records.filter(record => !gone.has(record.id))
      return left.map((record, index) => ({ set, record, loss: lossOf(left, index, now) }))
        .filter(({ record }, index) => index > 0 && record.id !== set.newestVerified?.id)
    })
    if (options.length === 0) return
    const { set, record } = options.reduce((least, option) => (option.loss < least.loss ? option : least))
    yield take(set.name, record, 'it left the smallest hole when room was needed')
  }
}

/** How much coverage goes with a backup: the gap it leaves, against its age. The oldest counts four times, for it alone reaches so far back; a corrupt one covers nothing. */
const lossOf = (newestFirst: readonly BackupRecord[], index: number, now: number): number => {
  const { createdAt, verification } = newestFirst[index]!
  if (verification.state === 'corrupt') return 0
  const newer = newestFirst[index - 1]?.createdAt ?? now
  const older = newestFirst[index + 1]?.createdAt
  return (older === undefined ? 4 * (newer - createdAt) : newer - older) / Math.max(dayMs, now - createdAt)
}

/** Bytes that no other backup needs once these are gone. */
const bytesOf = (victims: readonly Victim[], all: readonly BackupManifest[]): number => {
  const doomed = new Set(victims.map(({ manifest }) => manifest.id))
  const needed = new Set(all.filter(({ id }) => !doomed.has(id)).map(({ payload }) => payload.key))
  const payloads = new Map(victims.map(({ manifest: { payload } }) => [payload.key, payload.bytes + payload.index.bytes]))
  return [...payloads].reduce((sum, [key, bytes]) => (needed.has(key) ? sum : sum + bytes), 0)
}

const manifestOf = (record: BackupRecord): BackupManifest => {
  const { verification: _verification, approved: _approved, ...manifest } = record
  return manifest
}
