import { studentBound, twoSidedStudent } from './student.ts'

/** What {@link mannKendall} found. */
export interface MannKendall {
  /** Pairs that rise less pairs that fall. */
  readonly s: number
  /** S as a share of all pairs that differ, −1 to 1: Kendall's tau-b against time. */
  readonly tau: number
  /** The variance of S without trend, after correction. */
  readonly variance: number
  /** How many independent values the series is worth. */
  readonly effectivePoints: number
  /** The chance of an S this far from 0 without trend. */
  readonly pValue: number
  /** How far S strays from 0 without trend, but for this chance. */
  bound(chance: number): number
}

/**
 * Tests a series for a monotone trend of any shape, corrected for ties and for autocorrelation. Values that resemble the
 * one before them carry less evidence: the variance of S grows by what an AR(1) process adds, and the normal distribution
 * gives way to Student's with as many degrees of freedom as the series has independent values. O(n log n).
 *
 * Sources: Mann, Econometrica 13 (1945); Kendall, Rank Correlation Methods (1975); Hamed and Rao, "A modified Mann-Kendall
 * trend test for autocorrelated data", Journal of Hydrology 204 (1998); Knight, JASA 61 (1966) for the counting.
 *
 * @param values - in order of time; three or more.
 * @param options - `autocorrelation`: how much each value resembles the one before, 0 (the default) to below 1.
 * @throws RangeError if there are fewer than three values.
 *
 * @example
 * ```ts
 * import { mannKendall } from '@hivekit/health-score'
 *
 * mannKendall(Float64Array.of(1, 2, 2, 3, 5, 4, 6, 7)).tau // 0.909…
 * ```
 */
export const mannKendall = (values: Float64Array, { autocorrelation = 0 }: { readonly autocorrelation?: number } = {}): MannKendall => {
  const n = values.length
  if (n < 3) throw new RangeError(`Expected three or more values, got ${n}.`)
  const { falls, ties, tieTerm } = countPairs(values)
  const pairs = (n * (n - 1)) / 2
  const s = pairs - ties - 2 * falls
  const inflation = inflationOf(n, autocorrelation)
  const variance = (inflation * (n * (n - 1) * (2 * n + 5) - tieTerm)) / 18
  const effectivePoints = Math.min(n, n / inflation)
  const freedom = Math.max(1, effectivePoints - 2)
  return {
    s,
    tau: ties === pairs ? 0 : s / Math.sqrt(pairs * (pairs - ties)),
    variance,
    effectivePoints,
    // One off for continuity, as Kendall does: S moves in steps of two.
    pValue: variance === 0 ? 1 : twoSidedStudent(Math.max(0, Math.abs(s) - 1) / Math.sqrt(variance), freedom),
    bound: chance => studentBound(chance, freedom) * Math.sqrt(variance),
  }
}

/** Counts the pairs that fall, by merge sort, and those that tie. */
const countPairs = (values: Float64Array) => {
  const n = values.length
  let source = values.slice()
  let target = new Float64Array(n)
  let falls = 0
  for (let width = 1; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n)
      const end = Math.min(start + 2 * width, n)
      let left = start
      let right = middle
      for (let place = start; place < end; place++) {
        if (right >= end || (left < middle && source[left]! <= source[right]!)) target[place] = source[left++]!
        else {
          falls += middle - left
          target[place] = source[right++]!
        }
      }
    }
    ;[source, target] = [target, source]
  }
  let ties = 0
  let tieTerm = 0
  for (let i = 0, run = 1; i < n; i++, run++) {
    if (i + 1 < n && source[i + 1] === source[i]) continue
    ties += (run * (run - 1)) / 2
    tieTerm += run * (run - 1) * (2 * run + 5)
    run = 0
  }
  return { falls, ties, tieTerm }
}

/** Hamed and Rao's n/n*, with the rank correlations of an AR(1) process instead of those of the sample, which are noise. */
const inflationOf = (n: number, autocorrelation: number) => {
  let sum = 0
  let power = autocorrelation
  for (let lag = 1; lag < n - 2 && power > 1e-6; lag++, power *= autocorrelation) {
    sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * (6 / Math.PI) * Math.asin(power / 2)
  }
  return 1 + (2 * sum) / (n * (n - 1) * (n - 2))
}
