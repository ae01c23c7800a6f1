import { isStale } from './stale.ts'

/** Columns of a rollup, in the order in which they are stored. */
export const rollupColumns = ['min', 'max', 'sum', 'count', 'last', 'increase'] as const

/** What remains of a series when samples are summed up by buckets of equal length. */
export interface Rollup {
  /** When each bucket ends, a multiple of its length; a bucket holds the samples after the end before it up to its own. */
  readonly ends: Float64Array
  /** The columns of {@link rollupColumns}. */
  readonly columns: readonly Float64Array[]
}

/**
 * Sums up samples by buckets. The increase of a bucket is that from the sample before, wherever it was: a value that is
 * lower than the one before began again at zero, as Prometheus has it.
 *
 * @param previous The value before the first sample; undefined when there is none.
 */
export const rollUp = (times: Float64Array, values: Float64Array, bucketMs: number, previous: number | undefined): Rollup => {
  const most = times.length === 0 ? 0 : Math.min(times.length, Math.ceil((times[times.length - 1]! - times[0]!) / bucketMs) + 1)
  const ends = new Float64Array(most)
  const columns = rollupColumns.map(() => new Float64Array(most))
  const [min, max, sum, count, last, increase] = columns as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
  let before = previous
  let bucket = -1
  let end = -Infinity
  for (let i = 0; i < times.length; i++) {
    const value = values[i]!
    if (isStale(values, i)) continue
    if (times[i]! > end) {
      end = Math.ceil(times[i]! / bucketMs) * bucketMs
      ends[++bucket] = end
      min[bucket] = max[bucket] = value
    } else {
      if (!(value >= min[bucket]!)) min[bucket] = Number.isNaN(value) ? min[bucket]! : value
      if (!(value <= max[bucket]!)) max[bucket] = Number.isNaN(value) ? max[bucket]! : value
    }
    sum[bucket]! += value
    count[bucket]! += 1
    last[bucket] = value
    if (before !== undefined) increase[bucket]! += value < before ? value : value - before
    before = value
  }
  const buckets = bucket + 1
  return { ends: ends.subarray(0, buckets), columns: columns.map(column => column.subarray(0, buckets)) }
}

/** Joins rollups that follow each other; a bucket that stands in two of them is one bucket afterwards. */
export const joinRollups = (parts: readonly Rollup[]): Rollup => {
  if (parts.length === 1) return parts[0]!
  const length = parts.reduce((sum, part) => sum + part.ends.length, 0)
  const ends = new Float64Array(length)
  const columns = rollupColumns.map(() => new Float64Array(length))
  const [min, max, sum, count, last, increase] = columns as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
  let at = -1
  for (const part of parts) {
    const [partMin, partMax, partSum, partCount, partLast, partIncrease] = part.columns as typeof columns
    for (let i = 0; i < part.ends.length; i++) {
      if (at < 0 || part.ends[i]! > ends[at]!) {
        at++
        ends[at] = part.ends[i]!
        min[at] = partMin![i]!
        max[at] = partMax![i]!
      } else {
        min[at] = Math.min(min[at]!, partMin![i]!)
        max[at] = Math.max(max[at]!, partMax![i]!)
      }
      sum[at]! += partSum![i]!
      count[at]! += partCount![i]!
      last[at] = partLast![i]!
      increase[at]! += partIncrease![i]!
    }
  }
  return { ends: ends.subarray(0, at + 1), columns: columns.map(column => column.subarray(0, at + 1)) }
}
