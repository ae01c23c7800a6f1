import type { KeepReason } from './keep-reason.ts'
import { planRotation, type PlanOptions, type RotationCandidate } from './plan-rotation.ts'
import type { RotationPolicy } from './rotation-policy.ts'

/** How to explain. */
export interface ExplainOptions extends PlanOptions {
  /** Milliseconds between the backups to come. Default: the median gap there was, or a day. */
  readonly everyMs?: number
  /** How far to look for the end, in years. Default 10. */
  readonly horizonYears?: number
}

/** What a policy does with one backup, and until when. */
export interface RotationExplanation {
  /** Whether the policy keeps it now. */
  readonly kept: boolean
  /** Why it is kept; empty when it is not. */
  readonly reasons: readonly KeepReason[]
  /** When backups keep coming as they did: the first time at which it goes, or undefined when it stays beyond the horizon. */
  readonly until: number | undefined
  /** For one that is not kept: the kept backup that stands nearest to it in time. */
  readonly nearest: RotationCandidate | undefined
  /** All of it in one sentence. */
  readonly sentence: string
}

const dayMs = 86_400_000

/**
 * Says why a policy keeps a backup or does not, and until when it would, if further backups come at the rhythm seen so far.
 *
 * @throws RangeError when no backup has the id, and as {@link planRotation} does.
 * @example
 * ```ts
 * import { explainRotation } from '@hivekit/backup-rotation'
 *
 * const backups = [{ id: 'a', createdAt: 0 }, { id: 'b', createdAt: 3_600_000 }]
 * explainRotation('a', backups, { last: 1 }, { now: 7_200_000 }).kept // false
 * ```
 */
export const explainRotation = (
  id: string, backups: readonly RotationCandidate[], policy: RotationPolicy, options: ExplainOptions,
): RotationExplanation => {
  const target = backups.find(backup => backup.id === id)
  if (!target) throw new RangeError(`No backup "${id}" among the ${backups.length} given.`)
  const { everyMs = medianGap(backups), horizonYears = 10, ...plan } = options
  const { keep } = planRotation(backups, policy, plan)
  const entry = keep.find(({ backup }) => backup.id === id)
  if (!entry) {
    const nearest = keep.map(({ backup }) => backup).toSorted((a, b) => Math.abs(a.createdAt - target.createdAt) - Math.abs(b.createdAt - target.createdAt))[0]
    const sentence = `Not kept: no rule has room for it; the nearest kept is ${nearest!.id}, of ${time(nearest!.createdAt)}.`
    return { kept: false, reasons: [], until: undefined, nearest, sentence }
  }
  const until = endOf(target, keep.map(({ backup }) => backup), policy, { ...plan, everyMs, horizonYears })
  const why = entry.reasons.map(({ text, position }) => (position > 0 ? `${text} ${position}` : text)).join(', ')
  const end = until === undefined ? `for at least ${horizonYears} years` : `until ${time(until)} if backups keep coming`
  return { kept: true, reasons: entry.reasons, until, nearest: undefined, sentence: `Kept as ${why}, ${end}.` }
}

const time = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const medianGap = (backups: readonly RotationCandidate[]): number => {
  const times = backups.map(backup => backup.createdAt).toSorted((a, b) => a - b)
  const gaps = times.slice(1).map((at, index) => at - times[index]!).toSorted((a, b) => a - b)
  return Math.max(60_000, gaps[Math.floor(gaps.length / 2)] ?? dayMs)
}

/** Plays the schedule forward, as {@link forecastRotation} does, until the backup goes. */
const endOf = (
  target: RotationCandidate, kept: readonly RotationCandidate[], policy: RotationPolicy,
  { now, everyMs, horizonYears, ...plan }: PlanOptions & { readonly everyMs: number; readonly horizonYears: number },
): number | undefined => {
  const stepMs = Math.max(everyMs, dayMs / 4)
  const end = now + horizonYears * 365.2425 * dayMs
  let set = kept
  let due = Math.max(now, ...kept.map(backup => backup.createdAt)) + everyMs
  for (let at = now + stepMs; at <= end; at += stepMs) {
    const arrived: RotationCandidate[] = []
    for (; due <= at; due += everyMs) {
      arrived.push({ ...target, tags: [], id: `later-${String(due).padStart(16, '0')}`, createdAt: due, verified: true })
    }
    set = planRotation([...set, ...arrived], policy, { ...plan, now: at }).keep.map(({ backup }) => backup)
    if (!set.some(backup => backup.id === target.id)) return at
  }
  return undefined
}
