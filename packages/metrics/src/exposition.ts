import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { MetricFamily } from './metric-family.ts'
import { toOpenMetrics, toPrometheusText } from './text-format.ts'

/** A scrape's answer, ready for any HTTP server. */
export interface Exposition {
  /** `content-type`, `vary`, and `content-encoding` where it is compressed. */
  readonly headers: Readonly<Record<string, string>>
  /** The text, or its gzip. */
  readonly body: string | Uint8Array
}

/** The request headers that matter to a scrape. */
export interface ExpositionRequest {
  /** The `Accept` header. Default: Prometheus' text format. */
  readonly accept?: string | undefined
  /** The `Accept-Encoding` header. Default: not compressed. */
  readonly acceptEncoding?: string | undefined
}

const contentTypes = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const

const compress = promisify(gzip)
const compressFromCharacters = 1024

/**
 * Answers a scrape: OpenMetrics 1.0 where the scraper prefers it, else Prometheus' text format 0.0.4, with gzip where
 * it is accepted and worth it.
 *
 * @example
 * ```ts
 * import { createRegistry, exposeMetrics } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * const { headers } = await exposeMetrics(registry.collect(), { accept: 'application/openmetrics-text' })
 * headers['content-type'] // 'application/openmetrics-text; version=1.0.0; charset=utf-8'
 * ```
 */
export const exposeMetrics = async (families: Iterable<MetricFamily>, request: ExpositionRequest = {}): Promise<Exposition> => {
  const format = negotiate(request.accept)
  const text = format === 'openmetrics' ? toOpenMetrics(families) : toPrometheusText(families)
  const headers = { 'content-type': contentTypes[format], vary: 'accept, accept-encoding' }
  if (text.length < compressFromCharacters || !(quality(request.acceptEncoding ?? '', ['gzip', '*']) > 0)) return { headers, body: text }
  return { headers: { ...headers, 'content-encoding': 'gzip' }, body: await compress(text, { level: 3 }) }
}

const negotiate = (accept = ''): keyof typeof contentTypes => {
  const open = quality(accept.replaceAll(/application\/openmetrics-text;[^,]*version=(?!0\.0\.1|1\.0\.0)[^,]*/g, ''), ['application/openmetrics-text'])
  return open > 0 && open >= quality(accept, ['text/plain', 'text/*', '*/*']) ? 'openmetrics' : 'prometheus'
}

/** The best weight (RFC 9110 `q`) that a header gives any of the names; the first name that is given decides, 0 where none is. */
const quality = (header: string, names: readonly string[]): number => {
  const offers = header.toLowerCase().split(',').map(offer => {
    const [name = '', ...parameters] = offer.split(';').map(part => part.trim())
    const q = parameters.find(p => p.startsWith('q='))
    return { name, weight: q === undefined ? 1 : Number(q.slice(2)) || 0 }
  })
  for (const name of names) {
    const weights = offers.filter(offer => offer.name === name).map(offer => offer.weight)
    if (weights.length > 0) return Math.max(...weights)
  }
  return 0
}
