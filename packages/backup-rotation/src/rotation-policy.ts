import { isZeroDuration, parseCalendarDuration, type CalendarDuration } from './calendar-duration.ts'
import { calendarUnits, type CalendarUnit } from './calendar-key.ts'

/**
 * Which backups to keep. Every rule counts by itself, and a backup that any rule wants is kept.
 * Counts are whole numbers from 0 (off); -1 keeps one for every bucket there is.
 * Spans are written like `7d`, `1y6m` or `12h`.
 */
export interface RotationPolicy {
  /** The newest so many. */
  readonly last?: number
  /** One for each of the newest so many hours that have any. */
  readonly hourly?: number
  /** One for each of the newest so many days that have any. */
  readonly daily?: number
  /** One for each of the newest so many ISO weeks that have any. */
  readonly weekly?: number
  /** One for each of the newest so many months that have any. */
  readonly monthly?: number
  /** One for each of the newest so many years that have any. */
  readonly yearly?: number
  /** All within this span of the newest backup that is not in the future (borg: of now). */
  readonly within?: string
  /** One an hour within this span. */
  readonly withinHourly?: string
  /** One a day within this span. */
  readonly withinDaily?: string
  /** One a week within this span. */
  readonly withinWeekly?: string
  /** One a month within this span. */
  readonly withinMonthly?: string
  /** One a year within this span. */
  readonly withinYearly?: string
  /** All that carry one of these tags, or every tag of one of these lists. `''` stands for no tag at all. */
  readonly tags?: readonly (string | readonly string[])[]
  /** What makes backups one set, rotated by itself. Default `['host', 'paths']`; `[]` puts all in one set. */
  readonly groupBy?: readonly ('host' | 'paths' | 'tags')[]
}

/** A policy that was checked, with its spans read. */
export interface CheckedPolicy {
  readonly last: number
  readonly counts: readonly { readonly unit: CalendarUnit; readonly count: number }[]
  readonly within: CalendarDuration | undefined
  readonly withinUnits: readonly { readonly unit: CalendarUnit; readonly span: CalendarDuration }[]
  readonly tags: readonly (readonly string[])[]
  readonly groupBy: readonly ('host' | 'paths' | 'tags')[]
}

const withinKey = {
  hourly: 'withinHourly', daily: 'withinDaily', weekly: 'withinWeekly', monthly: 'withinMonthly', yearly: 'withinYearly',
} as const satisfies Readonly<Record<CalendarUnit, keyof RotationPolicy>>

const known = new Set<string>(['last', ...calendarUnits, 'within', ...Object.values(withinKey), 'tags', 'groupBy'])

const count = (policy: RotationPolicy, key: 'last' | CalendarUnit): number => {
  const value: unknown = policy[key] ?? 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < -1) {
    throw new RangeError(`Expected ${key} to be a whole number of at least -1, got ${String(value)}.`)
  }
  return value
}

const span = (text: string | undefined): CalendarDuration | undefined => {
  if (text === undefined) return undefined
  const duration = parseCalendarDuration(text)
  return isZeroDuration(duration) ? undefined : duration
}

/**
 * Reads a policy strictly: a misspelt rule is an error, for it would quietly delete what it was meant to keep.
 *
 * @throws RangeError when a rule is unknown or malformed, or when no rule keeps anything.
 */
export const checkPolicy = (policy: RotationPolicy): CheckedPolicy => {
  const unknown = Object.keys(policy).find(key => !known.has(key))
  if (unknown !== undefined) throw new RangeError(`Unknown rule "${unknown}" in a policy; the rules are ${[...known].join(', ')}.`)
  const checked: CheckedPolicy = {
    last: count(policy, 'last'),
    counts: calendarUnits.map(unit => ({ unit, count: count(policy, unit) })).filter(rule => rule.count !== 0),
    within: span(policy.within),
    withinUnits: calendarUnits.flatMap(unit => {
      const duration = span(policy[withinKey[unit]])
      return duration ? [{ unit, span: duration }] : []
    }),
    tags: (policy.tags ?? []).map(entry => (typeof entry === 'string' ? [entry] : entry)),
    groupBy: policy.groupBy ?? ['host', 'paths'],
  }
  const { last, counts, within, withinUnits, tags } = checked
  if (last === 0 && counts.length === 0 && !within && withinUnits.length === 0 && tags.length === 0) {
    throw new RangeError('Expected a policy with at least one rule, got an empty one: it would remove every backup.')
  }
  return checked
}
