import type { HealthSource, SourceValue } from '../health-source.ts'

/** The newest value of a metric, and when it was measured if the store knows. */
export type LatestMetric = number | { readonly value: number; readonly at?: number } | undefined

/** What {@link metricsSource} takes. */
export interface MetricsSourceOptions<Q> {
  /** The source's name. Default `metrics`. */
  readonly name?: string
  /** What to ask the store for each signal, in whatever form the store takes. */
  readonly queries: Readonly<Record<string, Q>>
  /** Asks the store once. Undefined: it has no such value, and the signal stays unread. To throw is to fail the whole read. */
  readonly latest: (query: Q, options: { readonly signal: AbortSignal }) => LatestMetric | Promise<LatestMetric>
  /** How long all queries together may take, in milliseconds, above 0. Default 5,000. */
  readonly timeoutMs?: number
}

/**
 * Reads signals out of a metrics store, whichever it is: it takes a function, not a client.
 *
 * @example
 * ```ts
 * import { metricsSource } from '@hivekit/health-score'
 *
 * const values = new Map([['http_p95_ms', 420]])
 * const source = metricsSource({ queries: { latencyMs: 'http_p95_ms' }, latest: name => values.get(name) })
 * ```
 */
export const metricsSource = <Q>({ name = 'metrics', queries, latest, timeoutMs = 5_000 }: MetricsSourceOptions<Q>): HealthSource => ({
  name,
  timeoutMs,
  read: async ({ signal }) => {
    const read = await Promise.all(Object.entries(queries).map(async ([key, query]): Promise<SourceValue[]> => {
      const found = await latest(query, { signal })
      if (found === undefined) return []
      return [typeof found === 'number' ? { signal: key, value: found } : { signal: key, ...found }]
    }))
    return read.flat()
  },
})
