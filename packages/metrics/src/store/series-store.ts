import type { HiveError, Result } from '@hivekit/errors'
import type { Labels, MetricFamily } from '../metric-family.ts'
import type { QueryAnswer, RangeQuery } from '../query/series-query.ts'

/** What became of an append's samples. */
export interface AppendReceipt {
  /** How many were taken. */
  readonly accepted: number
  /** How many the series had already, with the same time and value. */
  readonly duplicates: number
  /** How many were refused: older than the newest of their series, or another value at its time. */
  readonly outOfOrder: number
}

/** Options of one append. */
export interface AppendOptions {
  /** When the values were read, epoch milliseconds. Default: the store's clock. A sample's own timestamp wins. */
  readonly at?: number
  /** Who is scraped. A series that a source no longer has is marked as ended, as Prometheus does. Default `''`. */
  readonly source?: string
}

/** Where history is kept: the embedded store, or a server that speaks Prometheus' protocols. */
export interface MetricHistory extends AsyncDisposable {
  /**
   * Keeps one scrape. When it answers ok, the samples are committed.
   *
   * Samples of a series must come in the order of their times. One with the time and the value of the newest is a
   * duplicate; any other that is not newer is out of order: both are counted in the receipt and leave no trace.
   */
  append(families: Iterable<MetricFamily>, options?: AppendOptions): Promise<Result<AppendReceipt, HiveError>>
  /**
   * Reads a range of moments.
   *
   * @throws TypeError, RangeError for a query that makes no sense.
   */
  query(query: RangeQuery, options?: { readonly signal?: AbortSignal }): Promise<Result<QueryAnswer, HiveError>>
  /** The labels of the series that match a selector, with `__name__`; all of them without one. */
  series(match?: string, options?: { readonly signal?: AbortSignal }): Promise<Result<readonly Labels[], HiveError>>
}
