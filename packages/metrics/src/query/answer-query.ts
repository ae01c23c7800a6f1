import type { Labels } from '../metric-family.ts'
import { combine, divide } from './combine.ts'
import { parseSelector, type Matcher } from './selector.ts'
import { momentsOf, windowOf, type QueryAnswer, type RangeQuery, type SeriesPoints, type SeriesQuery } from './series-query.ts'
import { overWindows, type WindowOptions } from './window-function.ts'

/** What a query is answered from. */
export interface QueriedSeries {
  /** Its labels, with `__name__`. */
  readonly labels: Labels
  /** One value a moment, from the samples after `moments[0] − windowMs` up to the last moment; undefined when there are none. */
  readonly over: (moments: Float64Array, options: WindowOptions, withStale: boolean) => Float64Array | undefined
}

/** Options of {@link answerQuery}. */
export interface AnswerOptions {
  /** Finds the series. */
  readonly select: (matchers: readonly Matcher[]) => Iterable<QueriedSeries>
  /** The least window, where what is read is no finer. */
  readonly leastWindowMs?: number
  /** Whose edges windows have. Default 3. */
  readonly prometheus?: 2 | 3
  /** Called between series; lets others run. */
  readonly breathe?: () => Promise<void> | undefined
}

/** Answers a query from samples: each series by its window function, then aggregation, quantile, division. */
export const answerQuery = async (query: RangeQuery, options: AnswerOptions): Promise<Pick<QueryAnswer, 'times' | 'series'>> => {
  const { select, leastWindowMs = 0, prometheus = 3, breathe } = options
  const moments = momentsOf(query)
  const lines = async (part: SeriesQuery): Promise<readonly SeriesPoints[]> => {
    const { fn = 'last', aheadMs = 0 } = part
    const windowMs = Math.max(windowOf(part, query.stepMs), leastWindowMs)
    const found: SeriesPoints[] = []
    for (const { labels, over } of select(parseSelector(part.match))) {
      const values = over(moments, { fn, windowMs, aheadMs, prometheus }, fn === 'last' && part.windowMs === undefined)
      if (values) found.push({ labels, values })
      const wait = breathe?.()
      if (wait) await wait
    }
    const combined = combine(found, part, moments.length)
    return part.per ? divide(combined, await lines(part.per)) : combined
  }
  return { times: moments, series: await lines(query) }
}

/** The window function of samples in memory. */
export const overSamples = (times: Float64Array, values: Float64Array): QueriedSeries['over'] =>
  (moments, options, withStale) => (times.length === 0 ? undefined : overWindows(times, values, moments, options, withStale))
