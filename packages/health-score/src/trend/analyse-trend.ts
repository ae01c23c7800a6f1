import { median } from 'simple-statistics'
import type { TimeSeries } from '../history.ts'
import { carefulAutocorrelation, independentValues, scaleOf } from './autocorrelation.ts'
import { changePointOf, type ChangePoint } from './change-point.ts'
import { cusum } from './cusum.ts'
import { ewma } from './ewma.ts'
import { mannKendall } from './mann-kendall.ts'
import { findSeasonality, withoutSeason, type Seasonality } from './seasonality.ts'
import { fitShapes, type Shape } from './shape.ts'
import { studentBound } from './student.ts'
import { interceptOf, theilSen } from './theil-sen.ts'

/** What {@link analyseTrend} takes. */
export interface TrendOptions {
  /** A value to forecast the arrival at, in the series' unit. Default: none. */
  readonly threshold?: number
  /**
   * The chance, within 0–1, of calling noise either a trend or a shift; intervals miss with this chance too. Default 0.05.
   */
  readonly alpha?: number
  /** The half-life of the smoothed level, in milliseconds. Default: a twentieth of the span. */
  readonly halfLifeMs?: number
  /** What the local clock is ahead of UTC, in minutes, for the hour of the day. Default 0. */
  readonly utcOffsetMinutes?: number
}

/** A lasting change of level. */
export interface Shift {
  /** Which way. */
  readonly direction: 'up' | 'down'
  /** When, in epoch milliseconds: the first point of the new level. */
  readonly at: number
  /** The level before. */
  readonly before: number
  /** The level after. */
  readonly after: number
}

/** When a threshold will be reached, counted from the last point, if things go on as they do. */
export interface TimeToThreshold {
  /** The best guess, in milliseconds, 0 or more; 0: it is past it. */
  readonly ms: number
  /** The earliest, at the interval's confidence. */
  readonly earliestMs: number
  /** The latest; null: perhaps never. */
  readonly latestMs: number | null
}

/** Where a series is going. Plain data. */
export interface Trend {
  /** How many points it rests on. */
  readonly points: number
  /** The smoothed level at the last point; null without points. */
  readonly level: number | null
  /** `steady`: nothing but noise can be told, or there are fewer than twenty points. */
  readonly direction: 'rising' | 'falling' | 'steady'
  /** The Theil–Sen slope, in units per hour. */
  readonly slopePerHour: number
  /** The interval of the slope, in units per hour. */
  readonly slopeInterval: readonly [low: number, high: number]
  /** The chance of a Mann-Kendall statistic as extreme without trend. */
  readonly pValue: number
  /** Kendall's tau, −1 to 1: how monotone the series is. */
  readonly tau: number
  /** How much each value resembles the one before, 0–0.99, one standard error above its estimate. */
  readonly autocorrelation: number
  /** How many independent values the series is worth. */
  readonly effectivePoints: number
  /** What the hour of the day does, if that is beyond chance; it is taken out before everything else. */
  readonly seasonality: Seasonality | null
  /** A lasting change of level, if there is one; none is looked for in fewer than eight independent values. */
  readonly shift: Shift | null
  /** Where the trend or shift began; null if there is neither, or it began before the series. */
  readonly began: ChangePoint | null
  /** When the threshold will be reached; null without a threshold or a trend, or if the trend leads away from it. */
  readonly timeToThreshold: TimeToThreshold | null
}

/**
 * Says where a series is going, since when, and when it will get there. Robust against outliers, and corrected for the
 * autocorrelation and the daily pattern that make naive tests cry wolf. O(n log n): a thousand points take a few milliseconds.
 *
 * It assumes points about equally far apart; a few missing ones do no harm.
 *
 * @throws RangeError if alpha is not within 0–1 or the half-life not above 0.
 *
 * @example
 * ```ts
 * import { analyseTrend } from '@hivekit/health-score'
 *
 * const times = Float64Array.from({ length: 120 }, (_, i) => i * 30_000)
 * const memory = times.map((_, i) => 0.5 + i / 480 + Math.sin(i * 7) / 50) // a leak
 * const { direction, timeToThreshold } = analyseTrend({ times, values: memory }, { threshold: 0.95 })
 * // direction: 'rising'; timeToThreshold: { ms: about 50 minutes, earliestMs, latestMs }
 * ```
 */
export const analyseTrend = (series: TimeSeries, options: TrendOptions = {}): Trend => {
  const { threshold, alpha = 0.05, utcOffsetMinutes = 0 } = options
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`Expected alpha within 0–1, got ${alpha}.`)
  const { times } = series
  const points = times.length
  const span = points > 1 ? times[points - 1]! - times[0]! : 0
  const { halfLifeMs = Math.max(1, span / 20) } = options
  const level = ewma(series, { halfLifeMs }).at(-1) ?? null
  if (points < fewest) return { ...nothing, points, level }

  const seasonality = seasonOf(series, span, utcOffsetMinutes, alpha)
  const values = seasonality ? withoutSeason(series, seasonality.profile, utcOffsetMinutes) : series.values
  const plain: TimeSeries = { times, values }

  const shapes = fitShapes(plain)
  // Noise is what the best of the shapes leaves: about a line alone, a bend would look like autocorrelation and hide itself.
  const { residuals } = Object.values(shapes).reduce((best, one) => (one.squaresLeft < best.squaresLeft ? one : best))
  const autocorrelation = carefulAutocorrelation(residuals, 4)
  const line = theilSen(plain)
  const test = mannKendall(values, { autocorrelation })
  const pairs = (points * (points - 1)) / 2
  const half = test.bound(alpha) / (2 * pairs)
  const bounds = [line.slopeAt(0.5 - half), line.slopeAt(0.5 + half)] as const
  // The two tests share the chance of a false alarm.
  const trending = test.pValue < alpha / 2 && line.slope !== 0
  const shift = shifted(values, residuals, autocorrelation, alpha / 2) ? shiftOf(plain, shapes.step) : null
  const forecast = trending && threshold !== undefined
    ? forecastOf(plain, line, bounds, levelError(residuals, autocorrelation, alpha), threshold)
    : null

  return {
    points,
    level,
    direction: trending ? (line.slope > 0 ? 'rising' : 'falling') : 'steady',
    slopePerHour: line.slope * hourMs,
    slopeInterval: [bounds[0] * hourMs, bounds[1] * hourMs],
    pValue: test.pValue,
    tau: test.tau,
    autocorrelation,
    effectivePoints: test.effectivePoints,
    seasonality,
    shift,
    began: trending || shift ? changePointOf(plain, shapes) : null,
    timeToThreshold: forecast,
  }
}

const fewest = 20
const hourMs = 3_600_000

const nothing = {
  direction: 'steady', slopePerHour: 0, slopeInterval: [0, 0], pValue: 1, tau: 0, autocorrelation: 0, effectivePoints: 0,
  seasonality: null, shift: null, began: null, timeToThreshold: null,
} as const satisfies Omit<Trend, 'points' | 'level'>

/** A daily pattern, if the days agree on it beyond chance. It is looked for in what the trend leaves. */
const seasonOf = (series: TimeSeries, span: number, utcOffsetMinutes: number, alpha: number): Seasonality | null => {
  if (span < 47 * hourMs) return null
  const { slope } = theilSen(series)
  const values = series.values.map((value, i) => value - slope * (series.times[i]! - series.times[0]!))
  const found = findSeasonality({ times: series.times, values }, { utcOffsetMinutes })
  return found && found.pValue < alpha ? found : null
}

/**
 * Page's CUSUM over what each value has that the one before did not: whitened, its noise is independent, as the limit assumes.
 * With fewer than eight independent values nothing is said: the scale is too uncertain for the limit to hold.
 */
const shifted = (values: Float64Array, residuals: Float64Array, autocorrelation: number, alpha: number): boolean => {
  if (independentValues(values.length, autocorrelation) < 8) return false
  const whiten = (all: Float64Array) => all.subarray(1).map((value, i) => value - autocorrelation * all[i]!)
  const scale = scaleOf(whiten(residuals))
  const whitened = whiten(values)
  return scale > 0 && cusum(whitened, { center: median(Array.from(whitened)), scale, alpha }) !== null
}

const shiftOf = ({ times }: TimeSeries, { cut, before, after }: Shape): Shift => ({ direction: after > before ? 'up' : 'down', at: times[cut]!, before, after })

/** How far the middle of the residuals may be off, of a median of so many values that resemble each other. */
const levelError = (residuals: Float64Array, autocorrelation: number, alpha: number) => {
  const worth = Math.max(2, independentValues(residuals.length, autocorrelation))
  return (studentBound(alpha, Math.max(1, worth - 2)) * Math.sqrt(Math.PI / 2) * scaleOf(residuals)) / Math.sqrt(worth)
}

const forecastOf = (
  series: TimeSeries, line: { readonly slope: number; readonly start: number }, bounds: readonly [number, number], error: number, threshold: number,
): TimeToThreshold | null => {
  const span = series.times.at(-1)! - series.times[0]!
  const sign = Math.sign(line.slope)
  /** How long a line takes from the last point; below 0: it is past the threshold. */
  const arrival = (slope: number, start: number) => (sign * (threshold - start - slope * span)) / (sign * slope)
  const ms = arrival(line.slope, line.start)
  // Rising towards something already below, or falling towards something above: it leads away.
  if (ms < 0 && sign * (threshold - line.start) < 0) return null
  const [slow, fast] = sign > 0 ? bounds : [bounds[1], bounds[0]]
  const earliestMs = arrival(fast, interceptOf(series, fast) + sign * error)
  const latestMs = sign * slow > 0 ? arrival(slow, interceptOf(series, slow) - sign * error) : null
  return { ms: Math.max(0, ms), earliestMs: Math.max(0, earliestMs), latestMs: latestMs === null ? null : Math.max(0, latestMs) }
}
