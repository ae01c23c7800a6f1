import { seriesKey } from '../collect.ts'
import { sampleName, type Labels, type MetricFamily } from '../metric-family.ts'
import { classicSamples } from '../native-histogram.ts'

/** One value as push protocols have it. */
export interface PushedValue {
  readonly name: string
  readonly labels: Labels
  readonly kind: 'count' | 'gauge'
  /** What a counter rose by since the collection before; what a gauge is. */
  readonly value: number
}

/** Flattens collections: counters become what they rose by. The first value of a counter is only remembered; a fall is a new beginning. */
export const createCounterDeltas = (): ((families: Iterable<MetricFamily>) => PushedValue[]) => {
  let before = new Map<string, number>()
  return families => {
    const now = new Map<string, number>()
    const values: PushedValue[] = []
    for (const family of families) {
      const samples = family.samples.flatMap(s => (s.native ? classicSamples(s.labels, s.native, s.timestamp) : s))
      for (const { labels, value, suffix } of samples) {
        if (!Number.isFinite(value)) continue
        const name = sampleName(family, suffix)
        const isCount = family.type === 'counter' || (family.type === 'histogram') || (family.type === 'summary' && suffix !== undefined && suffix !== '')
        if (!isCount) {
          values.push({ name, labels, kind: 'gauge', value })
          continue
        }
        const key = `${name}${seriesKey(labels)}`
        const last = before.get(key)
        now.set(key, value)
        if (last !== undefined) values.push({ name, labels, kind: 'count', value: value < last ? value : value - last })
      }
    }
    before = now
    return values
  }
}
