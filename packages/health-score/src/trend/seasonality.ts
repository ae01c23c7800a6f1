import type { TimeSeries } from '../history.ts'
import { upperChiSquare } from './student.ts'

/** What the hour of the day does to a series. */
export interface Seasonality {
  /** What each hour of the day, from 0, adds to the level. The twenty-four sum to 0. */
  readonly profile: readonly number[]
  /** How much of what the series varies by is the hour of the day, 0–1. */
  readonly strength: number
  /** The chance of days that agree so well on their hours if the hour did nothing. */
  readonly pValue: number
  /** How many whole days it rests on. */
  readonly days: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * Looks for a daily pattern: whether the days agree on which hours are high and which are low (Kendall's W, Friedman's test).
 * Null with fewer than two whole days, which are days with a value in every hour. O(n).
 * Sources: Friedman, JASA 32 (1937); the strength as in Wang, Smith and Hyndman, Data Mining and Knowledge Discovery 13 (2006).
 *
 * @param series - without trend, or with little of it in a day.
 * @param options - `utcOffsetMinutes`: what the local clock is ahead of UTC. Default 0.
 *
 * @example
 * ```ts
 * import { findSeasonality } from '@hivekit/health-score'
 *
 * const times = Float64Array.from({ length: 24 * 4 }, (_, hour) => hour * 3_600_000)
 * findSeasonality({ times, values: times.map((_, hour) => (hour % 24 === 9 ? 50 : hour % 7)) })?.days // 4
 * ```
 */
export const findSeasonality = (series: TimeSeries, { utcOffsetMinutes = 0 }: { readonly utcOffsetMinutes?: number } = {}): Seasonality | null => {
  const { times, values } = series
  const days = new Map<number, { readonly sums: Float64Array; readonly counts: Float64Array }>()
  for (let i = 0; i < times.length; i++) {
    const local = times[i]! + utcOffsetMinutes * 60_000
    const day = Math.floor(local / dayMs)
    let cell = days.get(day)
    if (!cell) days.set(day, (cell = { sums: new Float64Array(24), counts: new Float64Array(24) }))
    const hour = Math.floor((local - day * dayMs) / hourMs)
    cell.sums[hour]! += values[i]!
    cell.counts[hour]!++
  }
  const whole = [...days.values()].filter(({ counts }) => counts.every(count => count > 0)).map(({ sums, counts }) => sums.map((sum, hour) => sum / counts[hour]!))
  if (whole.length < 2) return null

  const rankSums = new Float64Array(24)
  for (const day of whole) for (let hour = 0; hour < 24; hour++) for (let other = 0; other < 24; other++) {
    rankSums[hour]! += day[other]! < day[hour]! ? 1 : day[other] === day[hour] ? 0.5 : 0
  }
  const expected = whole.length * 12
  const spread = rankSums.reduce((sum, ranks) => sum + (ranks - expected) ** 2, 0)
  const pValue = upperChiSquare((12 * spread) / (whole.length * 24 * 25), 23)

  const means = Array.from({ length: 24 }, (_, hour) => whole.reduce((sum, day) => sum + day[hour]!, 0) / whole.length)
  const level = means.reduce((sum, mean) => sum + mean, 0) / 24
  const profile = means.map(mean => mean - level)
  const before = varianceOf(values)
  const after = varianceOf(withoutSeason(series, profile, utcOffsetMinutes))
  return { profile, strength: before === 0 ? 0 : Math.max(0, 1 - after / before), pValue, days: whole.length }
}

/** The values less what their hour adds. */
export const withoutSeason = ({ times, values }: TimeSeries, profile: readonly number[], utcOffsetMinutes: number): Float64Array =>
  values.map((value, i) => {
    const local = times[i]! + utcOffsetMinutes * 60_000
    return value - profile[Math.floor((local - Math.floor(local / dayMs) * dayMs) / hourMs)]!
  })

const varianceOf = (values: Float64Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
}
