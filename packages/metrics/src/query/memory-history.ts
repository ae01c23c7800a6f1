import { ok } from '@hivekit/errors'
import { sampleName, type Labels } from '../metric-family.ts'
import { classicSamples } from '../native-histogram.ts'
import { labelsKey } from '../store/series-index.ts'
import type { AppendReceipt, MetricHistory } from '../store/series-store.ts'
import { isStale, setStale } from '../store/stale.ts'
import { answerQuery, overSamples } from './answer-query.ts'
import { matchesAll, parseSelector } from './selector.ts'
import { checkQuery } from './series-query.ts'

/** Options of {@link createMemoryHistory}. */
export interface MemoryHistoryOptions {
  /** Epoch milliseconds, for appends that do not say their time. Default `Date.now`. */
  readonly clock?: () => number
  /** Whose edges windows have: in Prometheus 2 a sample exactly at a window's start counts, in 3 it does not. Default 3. */
  readonly prometheus?: 2 | 3
}

interface MemorySeries {
  readonly labels: Labels
  times: Float64Array
  values: Float64Array
  count: number
}

/**
 * History in memory alone, without limits: for tests, for trying alerts on made-up series, for short-lived tools.
 *
 * @example
 * ```ts
 * import { createMemoryHistory } from '@hivekit/metrics'
 *
 * const history = createMemoryHistory()
 * await history.append([{ name: 'up', help: 'Up.', type: 'gauge', samples: [{ labels: {}, value: 1 }] }], { at: 1000 })
 * const answer = await history.query({ match: 'up', from: 1000, to: 1000, stepMs: 1 })
 * answer.isOk() && answer.value.series[0].values[0] // 1
 * ```
 */
export const createMemoryHistory = ({ clock = Date.now, prometheus = 3 }: MemoryHistoryOptions = {}): MetricHistory => {
  const all = new Map<string, MemorySeries>()
  const sources = new Map<string, Set<string>>()

  const put = (series: MemorySeries, at: number, write: (values: Float64Array, i: number) => void) => {
    if (series.count === series.times.length) {
      const grow = (column: Float64Array) => {
        const larger = new Float64Array(Math.max(16, column.length * 2))
        larger.set(column)
        return larger
      }
      series.times = grow(series.times)
      series.values = grow(series.values)
    }
    series.times[series.count] = at
    write(series.values, series.count++)
  }

  return {
    append: async (families, { at = clock(), source = '' } = {}) => {
      const receipt: { -readonly [name in keyof AppendReceipt]: number } = { accepted: 0, duplicates: 0, outOfOrder: 0 }
      const present = new Set<string>()
      for (const family of families) {
        for (const sample of family.samples.flatMap(s => (s.native ? classicSamples(s.labels, s.native, s.timestamp) : s))) {
          const labels = { __name__: sampleName(family, sample.suffix), ...sample.labels }
          const key = labelsKey(labels)
          const time = sample.timestamp ?? at
          if (time === at) present.add(key)
          let series = all.get(key)
          if (!series) all.set(key, (series = { labels, times: new Float64Array(0), values: new Float64Array(0), count: 0 }))
          const newest = series.count === 0 ? -Infinity : series.times[series.count - 1]!
          if (time > newest) {
            put(series, time, (values, i) => {
              values[i] = sample.value
            })
            receipt.accepted++
          } else if (time === newest && Object.is(series.values[series.count - 1], sample.value)) receipt.duplicates++
          else receipt.outOfOrder++
        }
      }
      for (const key of sources.get(source) ?? []) {
        const series = all.get(key)!
        if (!present.has(key) && !isStale(series.values, series.count - 1) && series.times[series.count - 1]! < at) put(series, at, setStale)
      }
      sources.set(source, present)
      return ok(receipt)
    },
    query: async query => {
      checkQuery(query)
      const answer = await answerQuery(query, {
        prometheus,
        select: matchers => {
          const test = matchesAll(matchers)
          return [...all.values()].filter(series => test(series.labels)).map(({ labels, times, values, count }) =>
            ({ labels, over: overSamples(times.subarray(0, count), values.subarray(0, count)) }))
        },
      })
      return ok({ ...answer, resolutionMs: 0, problems: [] })
    },
    series: async match => {
      const test = match === undefined ? () => true : matchesAll(parseSelector(match))
      return ok(Array.from(all.values(), series => series.labels).filter(test))
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
