import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { fail, ok } from '@hivekit/errors'
import { createCounterDeltas } from './counter-deltas.ts'
import type { MetricSink, SinkMessage } from './metric-sink.ts'

/** Options of {@link createDatadogSink}. */
export interface DatadogOptions {
  /** The API key, or how it is had; asked before each request and never logged. Default: the environment's `DD_API_KEY`. */
  readonly apiKey?: () => string | Promise<string>
  /** The API's address. Default `https://api.` and the environment's `DD_SITE`, else `datadoghq.com`. */
  readonly url?: string
  /** Tags of every series, `name:value`. */
  readonly tags?: readonly string[]
  /** Seconds between collections, so that counts can be shown as rates. Default 10. */
  readonly intervalSeconds?: number
  /** For tests. Default the global `fetch`. */
  readonly fetch?: typeof fetch
}

const compress = promisify(deflate)
/** Datadog takes 5 MB raw and 500 kB compressed; a batch stays far below both. */
const batchBytes = 1_000_000

/**
 * Pushes to Datadog's metrics intake, `POST /api/v2/series`: counts are what counters rose by, all else are gauges.
 *
 * Fails with `unauthenticated` for a refused key, `rate_limited` with the time to wait, `unavailable` for faults of the network or of Datadog.
 */
export const createDatadogSink = (options: DatadogOptions = {}): MetricSink => {
  const { tags = [], intervalSeconds = 10, fetch: ask = fetch, url = `https://api.${process.env['DD_SITE'] ?? 'datadoghq.com'}` } = options
  const apiKey = options.apiKey ?? (() => process.env['DD_API_KEY'] ?? '')
  const deltas = createCounterDeltas()
  return {
    encode: (families, at) => {
      const messages: SinkMessage[] = []
      let series: string[] = []
      let bytes = 0
      const flush = () => {
        if (series.length > 0) messages.push({ body: `{"series":[${series.join(',')}]}`, samples: series.length })
        series = []
        bytes = 0
      }
      for (const { name, labels, kind, value } of deltas(families)) {
        const text = JSON.stringify({
          metric: name.replaceAll(':', '.'), type: kind === 'count' ? 1 : 3, points: [{ timestamp: Math.floor(at / 1000), value }],
          tags: [...tags, ...Object.entries(labels).map(([label, one]) => `${label}:${one}`)], ...(kind === 'count' ? { interval: intervalSeconds } : {}),
        })
        if (bytes + text.length > batchBytes) flush()
        series.push(text)
        bytes += text.length
      }
      flush()
      return messages
    },
    send: async ({ body, samples }, { signal }) => {
      const key = await apiKey()
      if (key === '') return fail('unauthenticated', 'There is no Datadog API key.')
      let response: Response
      try {
        response = await ask(`${url}/api/v2/series`, {
          method: 'POST', body: new Uint8Array(await compress(body)), signal: signal ?? null,
          headers: { 'content-type': 'application/json', 'content-encoding': 'deflate', 'dd-api-key': key },
        })
        const answer = await response.text()
        if (response.status === 202) return ok((JSON.parse(answer || '{}') as { errors?: unknown[] }).errors?.length ? 0 : samples)
      } catch (error) {
        return fail(signal?.aborted ? 'cancelled' : 'unavailable', 'Datadog could not be reached.', { cause: error })
      }
      const { status } = response
      if (status === 429) return fail('rate_limited', 'Datadog asks for fewer metrics.', { retryAfterMs: (Number(response.headers.get('x-ratelimit-reset')) || 10) * 1000 })
      if (status === 403) return fail('unauthenticated', 'Datadog refuses the API key.')
      if (status === 413) return fail('too_large', 'Datadog finds the batch too large.')
      return status >= 500 || status === 408 ? fail('unavailable', `Datadog answered ${status}.`) : fail('invalid_argument', `Datadog answered ${status}.`)
    },
  }
}
