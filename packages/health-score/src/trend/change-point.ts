import type { TimeSeries } from '../history.ts'
import { carefulAutocorrelation, independentValues } from './autocorrelation.ts'
import { fitShapes, type Shape } from './shape.ts'

/** Where the present state of things began. */
export interface ChangePoint {
  /** A sudden change of level, or the start of a slope after a level. */
  readonly kind: 'step' | 'ramp'
  /** The time of the first point after the change, in epoch milliseconds. */
  readonly at: number
  /** The level before. */
  readonly before: number
  /** The level after: of a step, its new level; of a ramp, where it has got to. */
  readonly after: number
}

/**
 * Finds the one point at which a series is best cut: into two levels, or into a level and a line that leaves it, by least
 * squares. Null if one straight line does as well (it began before the series), by the Bayesian information criterion,
 * allowing for autocorrelation. Says where, not whether: test first. O(n).
 * Source for comparing by BIC: Yao, "Estimating the number of change-points via Schwarz' criterion", 1988.
 *
 * @param series - eight or more points of ascending time; with fewer the answer is null.
 *
 * @example
 * ```ts
 * import { findChangePoint } from '@hivekit/health-score'
 *
 * const times = Float64Array.from({ length: 20 }, (_, i) => i)
 * findChangePoint({ times, values: times.map(t => (t < 12 ? 1 : 5)) })?.at // 12
 * ```
 */
export const findChangePoint = (series: TimeSeries): ChangePoint | null =>
  series.times.length < 8 ? null : changePointOf(series, fitShapes(series))

/** The same, of shapes already fitted. */
export const changePointOf = ({ times }: TimeSeries, { line, step, ramp }: ReturnType<typeof fitShapes>): ChangePoint | null => {
  const best = step.squaresLeft <= ramp.squaresLeft ? step : ramp
  const { cut, before, after } = best
  if (line.squaresLeft === 0) return null
  // One number more than the line has must earn its keep, by as many independent values as there are.
  const worth = Math.max(3, independentValues(times.length, carefulAutocorrelation(best.residuals, 3)))
  const gained = worth * Math.log(line.squaresLeft / Math.max(best.squaresLeft, Number.EPSILON * line.squaresLeft))
  return gained > Math.log(worth) ? { kind: best.kind as Exclude<Shape['kind'], 'line'>, at: times[cut]!, before, after } : null
}
