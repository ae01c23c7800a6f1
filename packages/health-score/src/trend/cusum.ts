/** What {@link cusum} takes. */
export interface CusumOptions {
  /** Where the values should be. */
  readonly center: number
  /** Their standard deviation, above 0. */
  readonly scale: number
  /** The shift that is let pass, in standard deviations: half of what is to be found. Default 0.5. */
  readonly slack?: number
  /** The chance of a false alarm over the whole series, within 0–1. Default 0.05. */
  readonly alpha?: number
}

/** What {@link cusum} found first; null if nothing. */
export interface CusumAlarm {
  /** Which way the values moved. */
  readonly direction: 'up' | 'down'
  /** The place at which there was evidence enough. */
  readonly at: number
  /** The place from which the evidence began to add up: an estimate of where the shift began. */
  readonly from: number
}

/**
 * Looks for a lasting shift of the mean: adds up what lies beyond the slack, starts over at 0, and gives alarm at a sum that
 * independent noise of this length reaches only with chance `alpha`. O(n).
 *
 * Sources: Page, "Continuous inspection schemes", Biometrika 41 (1954); the limit from Siegmund's approximation of the
 * average run length, Sequential Analysis (1985), 2.51.
 *
 * @throws RangeError if the scale or the slack is not above 0, or alpha not within 0–1.
 *
 * @example
 * ```ts
 * import { cusum } from '@hivekit/health-score'
 *
 * cusum(Float64Array.of(0, 1, -1, 0, 4, 3, 5, 4), { center: 0, scale: 1 }) // { direction: 'up', at: 5, from: 4 }
 * ```
 */
export const cusum = (values: Float64Array, { center, scale, slack = 0.5, alpha = 0.05 }: CusumOptions): CusumAlarm | null => {
  for (const [name, value] of Object.entries({ scale, slack, alpha, 'room above alpha': 1 - alpha })) {
    if (!(value > 0)) throw new RangeError(`Expected ${name} above 0, got ${value}.`)
  }
  const limit = limitFor(values.length, slack, alpha)
  let [up, down] = [0, 0]
  let [upFrom, downFrom] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const off = (values[i]! - center) / scale
    up += off - slack
    down -= off + slack
    if (up <= 0) [up, upFrom] = [0, i + 1]
    if (down <= 0) [down, downFrom] = [0, i + 1]
    if (up > limit) return { direction: 'up', at: i, from: upFrom }
    if (down > limit) return { direction: 'down', at: i, from: downFrom }
  }
  return null
}

/** Solves ARL(h) = n / alpha for both sides together, where ARL₁(h) = (e^2kb − 2kb − 1) / 2k², b = h + 1.166. */
const limitFor = (n: number, slack: number, alpha: number) => {
  const target = (4 * slack * slack * n) / alpha
  let exponent = 1
  for (let step = 0; step < 30; step++) exponent = Math.log1p(exponent + target)
  return Math.max(1, exponent / (2 * slack) - 1.166)
}
