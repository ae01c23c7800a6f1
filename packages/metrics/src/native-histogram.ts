import type { Labels, MetricSample, NativeHistogram } from './metric-family.ts'
import { withLabel } from './instrument.ts'
import { borderText } from './histogram.ts'

/** The upper border of a native histogram's bucket, in the metric's unit: `2^(index × 2^-schema)`. */
export const nativeBorder = (schema: number, index: number): number => 2 ** (index * 2 ** -schema)

/** Merges a native histogram's buckets to a coarser schema; each step joins two neighbours. */
export const coarsen = (buckets: ReadonlyMap<number, number>, steps: number): Map<number, number> => {
  const out = new Map<number, number>()
  for (const [index, count] of buckets) {
    const to = Math.ceil(index / 2 ** steps)
    out.set(to, (out.get(to) ?? 0) + count)
  }
  return out
}

/** A native histogram as the classic buckets that older formats can carry: one border a power of two. */
export const classicSamples = (labels: Labels, native: NativeHistogram, timestamp?: number): readonly MetricSample[] => {
  const at = timestamp === undefined ? {} : { timestamp }
  const steps = Math.max(0, native.schema)
  const schema = native.schema - steps
  const borders: (readonly [border: number, count: number])[] = [
    // The magnitude of a negative bucket is (base^(i-1), base^i], so its upper border is −base^(i-1).
    ...Array.from(coarsen(native.negative, steps), ([i, n]) => [-nativeBorder(schema, i - 1), n] as const),
    [native.zeroThreshold, native.zeroCount] as const,
    ...Array.from(coarsen(native.positive, steps), ([i, n]) => [nativeBorder(schema, i), n] as const),
  ].toSorted((a, b) => a[0] - b[0])
  const samples: MetricSample[] = []
  let total = 0
  for (const [border, count] of borders) {
    total += count
    if (count > 0 || border === native.zeroThreshold) {
      samples.push({ labels: withLabel(labels, 'le', borderText(border)), value: total, suffix: '_bucket', ...at })
    }
  }
  return [
    ...samples,
    { labels: withLabel(labels, 'le', '+Inf'), value: native.count, suffix: '_bucket', ...at },
    { labels, value: native.sum, suffix: '_sum', ...at },
    { labels, value: native.count, suffix: '_count', ...at },
  ]
}
