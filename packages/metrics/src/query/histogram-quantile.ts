/** One bucket of a classic histogram: how many values were at most its border. */
export interface CumulativeBucket {
  /** The upper border; the last is +Infinity. */
  readonly border: number
  /** How many values were not above it. */
  readonly count: number
}

/**
 * Estimates a quantile of a classic histogram, as Prometheus' `histogram_quantile`: by a straight line inside the bucket.
 *
 * @param quantile 0 to 1.
 * @param buckets By rising border, the last one infinite; else the answer is NaN.
 */
export const histogramQuantile = (quantile: number, buckets: readonly CumulativeBucket[]): number => {
  const last = buckets.length - 1
  if (last < 1 || buckets[last]!.border !== Infinity) return Number.NaN
  // Counts scraped at different moments may fall from one border to the next: they are made to rise.
  const counts = new Float64Array(buckets.length)
  let most = 0
  for (let i = 0; i <= last; i++) counts[i] = most = Math.max(most, buckets[i]!.count)
  const total = counts[last]!
  if (!(total > 0)) return Number.NaN
  let rank = quantile * total
  let i = 0
  while (i < last && counts[i]! < rank) i++
  if (i === last) return buckets[last - 1]!.border
  if (i === 0 && buckets[0]!.border <= 0) return buckets[0]!.border
  const end = buckets[i]!.border
  let count = counts[i]!
  let start = 0
  if (i > 0) {
    start = buckets[i - 1]!.border
    count -= counts[i - 1]!
    rank -= counts[i - 1]!
  }
  return start + (end - start) * (rank / count)
}
