import type { TimeSeries } from '../history.ts'

/** A shape fitted to a series by least squares. */
export interface Shape {
  /** A straight line; two levels; or a level and a line that leaves it. */
  readonly kind: 'line' | 'step' | 'ramp'
  /** What is left of the squares. */
  readonly squaresLeft: number
  /** The place of the first point after the change; 0 for a line. */
  readonly cut: number
  /** The fitted value before the change; of a line, at the first point. */
  readonly before: number
  /** The fitted value at the last point. */
  readonly after: number
  /** The values less the shape. */
  readonly residuals: Float64Array
}

/**
 * Fits the three shapes in which a series comes to be where it is. Every cut is tried, in O(n) by running sums.
 * Needs eight points or more.
 */
export const fitShapes = ({ times, values }: TimeSeries): { readonly line: Shape; readonly step: Shape; readonly ramp: Shape } => {
  const n = times.length
  const span = times[n - 1]! - times[0]!
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  // Time from 0 to 1 and values about their mean keep the sums well conditioned.
  const x = times.map(time => (time - times[0]!) / span)
  const y = values.map(value => value - mean)
  let [sumX, sumXX, sumXY, sumYY] = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    sumX += x[i]!
    sumXX += x[i]! * x[i]!
    sumXY += x[i]! * y[i]!
    sumYY += y[i]! * y[i]!
  }
  const make = (kind: Shape['kind'], { cut, before, after }: Cut): Shape => {
    const knee = kind === 'ramp' ? x[cut - 1]! : 0
    const slope = kind === 'step' ? 0 : (after - before) / (1 - knee)
    const residuals = y.map((value, i) => value - (i >= cut ? (kind === 'step' ? after : before + slope * (x[i]! - knee)) : before))
    return { kind, squaresLeft: residuals.reduce((sum, value) => sum + value * value, 0), cut, before: mean + before, after: mean + after, residuals }
  }

  const slope = sumXY / (sumXX - (sumX * sumX) / n)
  const first = (-slope * sumX) / n
  const line = make('line', { cut: 0, gained: 0, before: first, after: first + slope })
  let step: Cut = { cut: edge, gained: -1, before: 0, after: 0 }
  let ramp: Cut = step
  // From the right: sums over the points from the cut on.
  let [count, tailX, tailXX, tailY, tailXY] = [0, 0, 0, 0, 0]
  for (let cut = n - 1; cut >= edge; cut--) {
    count++
    tailX += x[cut]!
    tailXX += x[cut]! * x[cut]!
    tailY += y[cut]!
    tailXY += x[cut]! * y[cut]!
    if (count < edge) continue
    const stepGained = (tailY * tailY) / count + (tailY * tailY) / (n - count)
    if (stepGained > step.gained) step = { cut, gained: stepGained, before: -tailY / (n - count), after: tailY / count }
    // From the point before the cut on: y = level + slope · max(0, x − knee).
    const knee = x[cut - 1]!
    const [sumH, sumHH, sumHY] = [tailX - count * knee, tailXX - 2 * knee * tailX + count * knee * knee, tailXY - knee * tailY]
    const spread = sumHH - (sumH * sumH) / n
    if (sumHY ** 2 / spread <= ramp.gained) continue
    const level = (-(sumHY / spread) * sumH) / n
    ramp = { cut, gained: sumHY ** 2 / spread, before: level, after: level + (sumHY / spread) * (1 - knee) }
  }
  return { line, step: make('step', step), ramp: make('ramp', ramp) }
}

/** How many points a side needs. */
const edge = 3

interface Cut {
  readonly cut: number
  readonly gained: number
  readonly before: number
  readonly after: number
}
