import type { UtilityCurve } from './utility-curve.ts'

/**
 * Makes a curve of straight lines through `[value, utility]` points, flat beyond the first and the last.
 *
 * @param points - two or more, by ascending value; utilities within 0–1 that only fall or only rise and reach 1.
 * @throws RangeError if the points are not so.
 *
 * @example
 * ```ts
 * import { piecewise } from '@hivekit/health-score'
 *
 * const latency = piecewise([[500, 1], [2_000, 0.5], [10_000, 0]]) // milliseconds: lower is better
 * latency.utility(1_250) // 0.75
 * ```
 */
export const piecewise = (points: readonly (readonly [value: number, utility: number])[]): UtilityCurve => {
  const values = points.map(([value]) => value)
  const utilities = points.map(([, utility]) => utility)
  const expect = (held: boolean, rule: string) => {
    if (!held) throw new RangeError(`A piecewise curve needs ${rule}, got ${JSON.stringify(points)}.`)
  }
  const last = points.length - 1
  expect(last > 0, 'at least two points')
  expect(points.flat().every(Number.isFinite), 'finite numbers')
  expect(values.every((value, i) => i === 0 || value > values[i - 1]!), 'ascending values')
  expect(utilities.every(utility => utility >= 0 && utility <= 1), 'utilities within 0–1')
  const better = utilities[last]! < utilities[0]! ? 'lower' : 'higher'
  const sign = better === 'lower' ? -1 : 1
  expect(utilities.every((utility, i) => i === 0 || (utility - utilities[i - 1]!) * sign >= 0), 'utilities in one direction')
  expect(utilities.includes(1), 'a point of utility 1')
  expect(utilities[0] !== utilities[last], 'a utility that changes')

  return {
    better,
    target: values[better === 'lower' ? utilities.lastIndexOf(1) : utilities.indexOf(1)]!,
    utility: value => {
      if (value <= values[0]!) return utilities[0]!
      for (let i = 1; i <= last; i++) {
        if (value > values[i]!) continue
        const share = (value - values[i - 1]!) / (values[i]! - values[i - 1]!)
        return utilities[i - 1]! + share * (utilities[i]! - utilities[i - 1]!)
      }
      return utilities[last]!
    },
  }
}
