/** A span of the calendar: `1y2m3d4h` is one year, two months, three days and four hours. */
export interface CalendarDuration {
  /** Whole years, 0 or more. */
  readonly years: number
  /** Whole months, 0 or more. */
  readonly months: number
  /** Whole days, 0 or more. */
  readonly days: number
  /** Whole hours, 0 or more. */
  readonly hours: number
}

const units = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const

/**
 * Reads restic's notation for a span, like `90d`, `1y6m` or `12h`.
 *
 * @throws RangeError when the text is anything else.
 * @example
 * ```ts
 * import { parseCalendarDuration } from '@hivekit/backup-rotation'
 *
 * parseCalendarDuration('1y6m').months // 6
 * ```
 */
export const parseCalendarDuration = (text: string): CalendarDuration => {
  if (!/^(?:\d+[ymdh])+$/.test(text)) {
    throw new RangeError(`Expected a duration like "7d", "1y6m" or "12h", got ${JSON.stringify(text)}.`)
  }
  const span = { years: 0, months: 0, days: 0, hours: 0 }
  for (const [, count, unit] of text.matchAll(/(\d+)([ymdh])/g)) span[units[unit as keyof typeof units]] += Number(count)
  return span
}

/** Writes a span back in the shortest notation. */
export const formatCalendarDuration = ({ years, months, days, hours }: CalendarDuration): string =>
  [years && `${years}y`, months && `${months}m`, days && `${days}d`, hours && `${hours}h`].filter(Boolean).join('') || '0h'

/** Tells whether a span is nothing at all. */
export const isZeroDuration = ({ years, months, days, hours }: CalendarDuration): boolean =>
  years + months + days + hours === 0

/**
 * Goes back from a wall-clock time (epoch milliseconds already shifted by its offset) as Go's `Time.AddDate` does:
 * a day that the month does not have runs over into the next month.
 */
export const wallBefore = (wallMs: number, { years, months, days }: CalendarDuration): number => {
  const wall = new Date(wallMs)
  return Date.UTC(
    wall.getUTCFullYear() - years, wall.getUTCMonth() - months, wall.getUTCDate() - days,
    wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds(), wall.getUTCMilliseconds(),
  )
}
