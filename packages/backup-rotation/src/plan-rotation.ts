import { borgRules } from './borg-rules.ts'
import { groupBackups } from './group-backups.ts'
import type { KeepReason } from './keep-reason.ts'
import { resticRules } from './restic-rules.ts'
import { checkPolicy, type CheckedPolicy, type RotationPolicy } from './rotation-policy.ts'
import { timeZoneOffset } from './time-zone-offset.ts'

/** What rotation must know of a backup. */
export interface RotationCandidate {
  /** Unique; the greater of two ids made at the same time counts as the newer. */
  readonly id: string
  /** When it was made, epoch milliseconds. */
  readonly createdAt: number
  /** The offset from UTC of the clock it was made by, in minutes. Default 0. */
  readonly utcOffsetMinutes?: number
  /** The machine it was made on. */
  readonly host?: string
  /** What it holds. */
  readonly paths?: readonly string[]
  /** Labels given by people. */
  readonly tags?: readonly string[]
  /** Whether it was decoded and found whole. */
  readonly verified?: boolean
}

/** How to read times and rules. */
export interface PlanOptions {
  /** Epoch milliseconds; backups from after it do not move the start of `within`. */
  readonly now: number
  /** Whose days and hours: each backup's own offset (`stored`, the default), `UTC`, or an IANA name such as `Europe/Paris`. */
  readonly timeZone?: string
  /** Whose rules, to the letter. Default `restic`. */
  readonly semantics?: 'restic' | 'borg'
  /** Lets a verified backup stand for its bucket in place of a newer one that is not. Default false: restic and borg cannot. */
  readonly preferVerified?: boolean
}

/** What to keep and why, and what to remove; both newest first. */
export interface RotationPlan<T extends RotationCandidate = RotationCandidate> {
  /** The kept, each with at least one reason. */
  readonly keep: readonly { /** The backup. */ readonly backup: T; /** Why it stays. */ readonly reasons: readonly KeepReason[] }[]
  /** The rest. */
  readonly remove: readonly T[]
}

/** One set of backups, newest first, as the rules see it. */
export interface RuleInput {
  readonly backups: readonly RotationCandidate[]
  /** Wall-clock times: epoch milliseconds shifted by the offset. */
  readonly walls: Float64Array
  readonly policy: CheckedPolicy
  readonly now: number
  readonly offset: (backup: RotationCandidate) => number
  readonly isPreferred: ((backup: RotationCandidate) => boolean) | undefined
}

/**
 * Decides which backups a policy keeps. Pure: reads no clock and touches nothing. 100,000 backups take some tens of milliseconds.
 *
 * @throws RangeError when the policy is empty or malformed, the time zone unknown, or a set of backups would be left with none.
 * @example
 * ```ts
 * import { planRotation } from '@hivekit/backup-rotation'
 *
 * const day = 86_400_000
 * const backups = Array.from({ length: 30 }, (_, n) => ({ id: `b${n}`, createdAt: n * day }))
 * const plan = planRotation(backups, { daily: 7, weekly: 4 }, { now: 30 * day })
 * plan.keep.length // 10
 * ```
 */
export const planRotation = <T extends RotationCandidate>(
  backups: readonly T[], policy: RotationPolicy, { now, timeZone = 'stored', semantics = 'restic', preferVerified = false }: PlanOptions,
): RotationPlan<T> => {
  if (!Number.isFinite(now)) throw new RangeError(`Expected now in epoch milliseconds, got ${String(now)}.`)
  if (semantics !== 'restic' && semantics !== 'borg') {
    throw new RangeError(`Expected semantics "restic" or "borg", got ${JSON.stringify(semantics)}.`)
  }
  const checked = checkPolicy(policy)
  const rules = semantics === 'borg' ? borgRules : resticRules
  const zone = timeZone === 'stored' ? undefined : timeZoneOffset(timeZone)
  const offset = (backup: RotationCandidate): number => (zone ? zone(backup.createdAt) : (backup.utcOffsetMinutes ?? 0) * 60_000)
  const isPreferred = preferVerified ? (backup: RotationCandidate) => backup.verified === true : undefined

  const keep: { backup: T; reasons: readonly KeepReason[] }[] = []
  const remove: T[] = []
  const groups = groupBackups(backups, checked.groupBy)
  for (const [name, group] of groups) {
    const sorted = newestFirst(group)
    const walls = new Float64Array(sorted.length)
    for (let index = 0; index < walls.length; index++) walls[index] = sorted[index]!.createdAt + offset(sorted[index]!)
    const reasons = rules({ backups: sorted, walls, policy: checked, now, offset, isPreferred })
    const before = keep.length
    sorted.forEach((backup, index) => {
      if (reasons[index]) keep.push({ backup, reasons: reasons[index] })
      else remove.push(backup)
    })
    if (keep.length === before) {
      throw new RangeError(`Refused: the policy would remove all ${sorted.length} backups of the set ${name}.`)
    }
  }
  if (groups.size > 1) {
    keep.sort((a, b) => newer(a.backup, b.backup))
    remove.sort(newer)
  }
  return { keep, remove }
}

const newer = (a: RotationCandidate, b: RotationCandidate): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/**
 * Sorts newest first. A list already in order, either way, is not sorted again; any other has its times sorted as plain
 * numbers and each backup looked up among them, which is several times faster than comparing backups.
 */
const newestFirst = <T extends RotationCandidate>(backups: readonly T[]): readonly T[] => {
  let ascending = true
  let descending = true
  for (let index = 1; index < backups.length && (ascending || descending); index++) {
    const order = newer(backups[index - 1]!, backups[index]!)
    if (order > 0) descending = false
    else ascending = false
  }
  if (descending) return backups
  if (ascending) return backups.toReversed()

  const times = Float64Array.from(backups, backup => -backup.createdAt).toSorted()
  const taken = new Uint32Array(times.length)
  const sorted: T[] = Array.from({ length: backups.length })
  for (const backup of backups) {
    let low = 0
    for (let high = times.length; low < high;) {
      const middle = (low + high) >>> 1
      if (times[middle]! < -backup.createdAt) low = middle + 1
      else high = middle
    }
    sorted[low + taken[low]!++] = backup
  }
  for (let low = 0; low < taken.length; low += taken[low]!) {
    if (taken[low]! < 2) continue
    const twins = sorted.slice(low, low + taken[low]!).toSorted(newer)
    twins.forEach((twin, index) => (sorted[low + index] = twin))
  }
  return sorted
}
