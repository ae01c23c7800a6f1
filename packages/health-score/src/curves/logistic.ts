import type { UtilityCurve } from './utility-curve.ts'

/** Where an S-shaped curve begins and ends. */
export interface LogisticOptions {
  /** The value up to which all is well: utility 1. */
  readonly good: number
  /** The value from which nothing is left: utility 0. It lies above `good` if lower is better, else below. */
  readonly bad: number
  /** How abrupt the fall is around the middle, above 0. At 1 nearly a line, at 10 nearly a step. Default 4. */
  readonly steepness?: number
}

/**
 * Makes an S-shaped curve: slow to complain near `good`, fast around the middle (utility 0.5), 0 at `bad`.
 * It is the logistic function cut at its ends and stretched to 0–1, so that a target can be met exactly.
 *
 * @throws RangeError if `good` equals `bad`, a number is not finite, or `steepness` is not above 0.
 *
 * @example
 * ```ts
 * import { logistic } from '@hivekit/health-score'
 *
 * logistic({ good: 0.5, bad: 0.9 }).utility(0.7) // 0.5
 * ```
 */
export const logistic = ({ good, bad, steepness = 4 }: LogisticOptions): UtilityCurve => {
  if (!Number.isFinite(good) || !Number.isFinite(bad) || good === bad) {
    throw new RangeError(`A logistic curve needs two different finite ends, got good ${good} and bad ${bad}.`)
  }
  if (!(steepness > 0 && steepness < 100)) throw new RangeError(`Expected steepness within 0–100, got ${steepness}.`)
  const raw = (share: number) => 1 / (1 + Math.exp(steepness * (2 * share - 1)))
  const top = raw(0)
  const bottom = raw(1)
  return {
    better: good < bad ? 'lower' : 'higher',
    target: good,
    utility: value => {
      const share = (value - good) / (bad - good)
      return share <= 0 ? 1 : share >= 1 ? 0 : (raw(share) - bottom) / (top - bottom)
    },
  }
}
