import type { TimeSeries } from '../history.ts'

/**
 * Smooths a series for display: an exponentially weighted moving average that knows how far apart the points are, so that a
 * gap counts as long as it lasted. What came before by one half-life has half the weight. O(n).
 *
 * @throws RangeError unless the half-life is above 0.
 *
 * @example
 * ```ts
 * import { ewma } from '@hivekit/health-score'
 *
 * ewma({ times: Float64Array.of(0, 60_000), values: Float64Array.of(0, 100) }, { halfLifeMs: 60_000 }) // Float64Array [0, 50]
 * ```
 */
export const ewma = ({ times, values }: TimeSeries, { halfLifeMs }: { readonly halfLifeMs: number }): Float64Array => {
  if (!(halfLifeMs > 0)) throw new RangeError(`Expected halfLifeMs above 0, got ${halfLifeMs}.`)
  const smooth = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const kept = i === 0 ? 0 : 2 ** ((times[i - 1]! - times[i]!) / halfLifeMs)
    smooth[i] = (i === 0 ? 0 : kept * smooth[i - 1]!) + (1 - kept) * values[i]!
  }
  return smooth
}
