/** The calendar buckets that a policy counts in. */
export type CalendarUnit = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly'

const hourMs = 3_600_000
const dayMs = 86_400_000

/** Days since 1970 to year and month, by Howard Hinnant's civil_from_days (https://howardhinnant.github.io/date_algorithms.html). */
const monthNumber = (day: number): number => {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  // March is month 0 of its year, so that a leap day is the last of one.
  return (era * 400 + yearOfEra) * 12 + monthFromMarch + 2
}

/**
 * Numbers the buckets of one unit, so that two wall-clock times are in the same bucket exactly when their numbers are equal.
 * Takes epoch milliseconds already shifted by their offset. Weeks are ISO 8601's.
 */
export const calendarKey: Readonly<Record<CalendarUnit, (wallMs: number) => number>> = {
  hourly: wallMs => Math.floor(wallMs / hourMs),
  daily: wallMs => Math.floor(wallMs / dayMs),
  weekly: wallMs => Math.floor((Math.floor(wallMs / dayMs) + 3) / 7),
  monthly: wallMs => monthNumber(Math.floor(wallMs / dayMs)),
  yearly: wallMs => Math.floor(monthNumber(Math.floor(wallMs / dayMs)) / 12),
}

/** Every unit, from the shortest. */
export const calendarUnits = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const satisfies readonly CalendarUnit[]
