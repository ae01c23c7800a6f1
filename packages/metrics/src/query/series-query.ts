import type { Labels } from '../metric-family.ts'

/** What is made of the samples of one series in a window, as PromQL names it: `avg` is `avg_over_time`. */
export type WindowFunction = 'last' | 'rate' | 'increase' | 'delta' | 'avg' | 'min' | 'max' | 'sum' | 'count' | 'forecast'

/** How several series become one. */
export type Aggregation = 'sum' | 'avg' | 'min' | 'max' | 'count'

/** What to read, without when: alerts, dashboards and queries share it, and it compiles to PromQL. */
export interface SeriesQuery {
  /** A PromQL selector: `requests_total{code!="200"}`. */
  readonly match: string
  /** What is made of each series' window. Default `last`: the newest sample of the last 5 minutes. */
  readonly fn?: WindowFunction
  /** How far back from each moment the function looks, milliseconds. Default: the step of the query, at least 1 minute; for `last` 5 minutes. */
  readonly windowMs?: number
  /** How far ahead `forecast` looks along the line through its window, milliseconds. */
  readonly aheadMs?: number
  /** How series become one. Default: they stay apart. */
  readonly aggregate?: Aggregation
  /** The labels that stay apart in an aggregation. Default: none, all series become one. */
  readonly by?: readonly string[]
  /** A quantile, 0 to 1, of the classic histogram whose `_bucket` series are matched; best with `fn: 'rate'` and `by` without `le`. */
  readonly quantile?: number
  /** Divides each series by the series of another query that has the same labels. */
  readonly per?: SeriesQuery
}

/** A query over a stretch of time. */
export interface RangeQuery extends SeriesQuery {
  /** The first moment, epoch milliseconds. */
  readonly from: number
  /** The last moment at most, epoch milliseconds. */
  readonly to: number
  /** From one moment to the next, milliseconds, above 0. */
  readonly stepMs: number
  /** What to read: every sample, a rollup, or what fits the window and the step. Default `auto`. Only the embedded store has rollups. */
  readonly resolution?: 'auto' | 'raw' | '5m' | '1h'
}

/** One line of an answer. */
export interface SeriesPoints {
  /** Its labels; those of an aggregation are those it was asked for. */
  readonly labels: Labels
  /** A value at each moment of the query; NaN where there is none. */
  readonly values: Float64Array
}

/** The answer to a range query. */
export interface QueryAnswer {
  /** The moments, epoch milliseconds. */
  readonly times: Float64Array
  /** The lines, in the order of their labels. */
  readonly series: readonly SeriesPoints[]
  /** How fine what was read is: 0 for samples, else the length of a rollup's buckets in milliseconds. */
  readonly resolutionMs: number
  /** What could not be read, in words; empty when all could. */
  readonly problems: readonly string[]
}

/** The window that a query looks back, its default filled in. */
export const windowOf = (query: SeriesQuery, stepMs: number): number =>
  query.windowMs ?? (query.fn === undefined || query.fn === 'last' ? lookbackMs : Math.max(stepMs, 60_000))

/** How old the newest sample may be: Prometheus' lookback. */
export const lookbackMs = 300_000

/** Checks what types cannot. @throws TypeError, RangeError */
export const checkQuery = (query: SeriesQuery): void => {
  const { windowMs, quantile, fn, aheadMs, per } = query
  if (windowMs !== undefined && !(windowMs > 0 && Number.isFinite(windowMs))) throw new RangeError(`Expected a windowMs above 0; got ${windowMs}.`)
  if (quantile !== undefined && !(quantile >= 0 && quantile <= 1)) throw new RangeError(`Expected a quantile from 0 to 1; got ${quantile}.`)
  if ((fn === 'forecast') !== (aheadMs !== undefined)) throw new TypeError('Expected aheadMs with fn "forecast" and nowhere else.')
  if (query.by && !query.aggregate && quantile === undefined) throw new TypeError('Expected an aggregate beside by.')
  if (per) checkQuery(per)
}

/** Checks a range. @throws RangeError; it may have at most 11,000 moments, as in Prometheus. */
export const momentsOf = ({ from, to, stepMs }: RangeQuery): Float64Array => {
  if (!(stepMs > 0) || !(to >= from)) throw new RangeError(`Expected from ≤ to and a stepMs above 0; got ${from}, ${to}, ${stepMs}.`)
  const count = Math.floor((to - from) / stepMs) + 1
  if (count > maxMoments) throw new RangeError(`Expected at most ${maxMoments} moments; got ${count}: use a larger stepMs.`)
  return Float64Array.from({ length: count }, (_, i) => from + i * stepMs)
}
const maxMoments = 11_000
