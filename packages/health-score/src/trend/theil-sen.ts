import { median } from 'simple-statistics'
import type { TimeSeries } from '../history.ts'
import { createSlopeSelector } from './slope-selection.ts'

/** A straight line through a series: the median of the slopes of all pairs of points. */
export interface TheilSenLine {
  /** Units per millisecond. */
  readonly slope: number
  /** The line's value at the first point. */
  readonly start: number
  /** The slope of a rank among all pairs, 0–1: 0.5 is `slope`. Costs O(n log n) a call. */
  slopeAt(rank: number): number
}

/**
 * Fits the Theil–Sen line: up to 29 % of the points may be anything without leading it astray. O(n log n) expected,
 * exact, and deterministic.
 * Source: Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968).
 *
 * @param series - two or more points of strictly ascending time.
 * @throws RangeError if there are fewer than two.
 *
 * @example
 * ```ts
 * import { theilSen } from '@hivekit/health-score'
 *
 * theilSen({ times: Float64Array.of(0, 1, 2, 3), values: Float64Array.of(0, 2, 4, 900) }).slope // 2
 * ```
 */
export const theilSen = ({ times, values }: TimeSeries): TheilSenLine => {
  if (times.length < 2) throw new RangeError(`Expected two or more points, got ${times.length}.`)
  const since = times.map(time => time - times[0]!)
  const selector = createSlopeSelector(since, values)
  const last = selector.count - 1
  /** Between two slopes the median is their mean; a bound of an interval is the outer one. */
  const slopeAt = (rank: number) => {
    const place = Math.min(Math.max(rank, 0), 1) * last
    if (rank !== 0.5) return selector.select(rank < 0.5 ? Math.floor(place) : Math.ceil(place))
    const low = selector.select(Math.floor(place))
    return Number.isInteger(place) ? low : (low + selector.select(Math.ceil(place))) / 2
  }
  const slope = slopeAt(0.5)
  return { slope, start: interceptOf({ times, values }, slope), slopeAt }
}

/** The value at the first point of the line of a slope that has as many points above it as below. */
export const interceptOf = ({ times, values }: TimeSeries, slope: number): number => {
  const rest = new Array<number>()
  for (let i = 0; i < times.length; i++) rest.push(values[i]! - slope * (times[i]! - times[0]!))
  return median(rest)
}
