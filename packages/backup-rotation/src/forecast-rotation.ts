import { planRotation, type PlanOptions, type RotationCandidate } from './plan-rotation.ts'
import type { RotationPolicy } from './rotation-policy.ts'

/** How backups are expected to come. */
export interface BackupSchedule {
  /** Milliseconds from one backup to the next, at least 60,000. */
  readonly everyMs: number
  /** Size of the next backup, in bytes. Default 0: only counts are forecast. */
  readonly bytes?: number
  /** How much larger backups are after a year: 0.2 is 20 %. Default 0. */
  readonly growthPerYear?: number
}

/** How to forecast. */
export interface ForecastOptions extends Omit<PlanOptions, 'now'> {
  /** When the first backup is made, epoch milliseconds. */
  readonly now: number
  /** How far to look, in years, up to 100. */
  readonly years: number
  /** Backups there are already, with their sizes. */
  readonly existing?: readonly (RotationCandidate & { /** Size in bytes. */ readonly bytes?: number })[]
  /** How many points to answer with, spread evenly. Default 24. */
  readonly points?: number
}

/** What is kept at one time. */
export interface ForecastPoint {
  /** Epoch milliseconds. */
  readonly at: number
  /** How many backups are kept. */
  readonly backups: number
  /** Their bytes in all. */
  readonly bytes: number
  /** When the oldest of them was made, epoch milliseconds. */
  readonly oldest: number
}

const dayMs = 86_400_000
const yearMs = 365.2425 * dayMs

/**
 * Plays a policy and a schedule forward and says how many backups and bytes are kept at each time, to size a disk before it is full.
 * Rotation is played after every backup, or once a day when backups are more frequent. Ten years of hourly backups take about a second.
 *
 * @throws RangeError as {@link planRotation} does, and when the schedule or the span is out of range.
 * @example
 * ```ts
 * import { forecastRotation } from '@hivekit/backup-rotation'
 *
 * const points = forecastRotation({ daily: 7, monthly: 12 }, { everyMs: 86_400_000, bytes: 1e9 }, { now: 0, years: 3 })
 * points.at(-1)?.backups // 18
 * ```
 */
export const forecastRotation = (policy: RotationPolicy, schedule: BackupSchedule, options: ForecastOptions): readonly ForecastPoint[] => {
  const { now, years, existing = [], points = 24, ...plan } = options
  const { everyMs, bytes = 0, growthPerYear = 0 } = schedule
  if (!(everyMs >= 60_000)) throw new RangeError(`Expected everyMs of at least 60000, got ${everyMs}.`)
  if (!(years > 0 && years <= 100)) throw new RangeError(`Expected years over 0 and up to 100, got ${years}.`)
  if (!(points >= 1 && Number.isInteger(points))) throw new RangeError(`Expected points to be a whole number from 1, got ${points}.`)

  const spanMs = years * yearMs
  const rotateEveryMs = Math.max(everyMs, dayMs)
  const facts = { host: '', paths: [], ...existing.at(-1) }
  let kept: readonly (RotationCandidate & { readonly bytes?: number })[] = existing
  let due = now
  const answer: ForecastPoint[] = []
  for (let n = 0, at = now; at <= now + spanMs; at = now + ++n * rotateEveryMs) {
    const arrived: (RotationCandidate & { readonly bytes?: number })[] = []
    for (; due <= at; due += everyMs) {
      arrived.push({ ...facts, id: `forecast-${String(due).padStart(16, '0')}`, createdAt: due, bytes: bytes * (1 + growthPerYear) ** ((due - now) / yearMs) })
    }
    kept = planRotation([...kept, ...arrived], policy, { ...plan, now: at }).keep.map(({ backup }) => backup)
    const reached = Math.floor(((at - now) / spanMs) * points)
    const isLast = at + rotateEveryMs > now + spanMs
    if (reached <= answer.length - 1 && !isLast) continue
    answer.push({
      at, backups: kept.length, bytes: Math.round(kept.reduce((sum, backup) => sum + (backup.bytes ?? 0), 0)),
      oldest: kept.reduce((oldest, backup) => Math.min(oldest, backup.createdAt), Infinity),
    })
  }
  return answer
}
