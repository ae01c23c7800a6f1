import type { HealthSource, SourceReading } from '../health-source.ts'

/** What {@link httpSource} takes. */
export interface HttpSourceOptions {
  /** The source's name. Default: the URL's host. */
  readonly name?: string
  /** What to fetch, with GET. */
  readonly url: string | URL
  /** Headers to send. */
  readonly headers?: Readonly<Record<string, string>>
  /** When no answer counts as down, in milliseconds, above 0. Default 5,000. */
  readonly timeoutMs?: number
  /** The signal that is 1 when it answered 2xx and 0 when it did not, or not in time. */
  readonly up?: string
  /** The signal of the time to the answer's headers, in milliseconds; after a time-out, the time waited. */
  readonly latencyMs?: string
  /** Takes further readings from a 2xx answer. To throw is to fail the whole read. */
  readonly parse?: (response: Response) => readonly SourceReading[] | Promise<readonly SourceReading[]>
}

/**
 * Probes an HTTP endpoint. That nothing answers is itself a reading, `up` 0, and not a failure to read:
 * a dead endpoint is known to be dead.
 *
 * @example
 * ```ts
 * import { httpSource } from '@hivekit/health-score'
 *
 * const gateway = httpSource({ url: 'http://127.0.0.1:4280/readyz', up: 'gatewayUp', latencyMs: 'gatewayMs' })
 * ```
 */
export const httpSource = (options: HttpSourceOptions): HealthSource => {
  const { url, headers = {}, timeoutMs = 5_000, up, latencyMs, parse } = options
  const { host } = new URL(url)
  const readings = (isUp: boolean, tookMs: number | undefined): SourceReading[] => [
    ...(up === undefined ? [] : [{ signal: up, value: isUp ? 1 : 0 }]),
    ...(latencyMs === undefined || tookMs === undefined ? [] : [{ signal: latencyMs, value: tookMs }]),
  ]
  return {
    name: options.name ?? host,
    // The probe's own limit comes first, so that a time-out is a reading.
    timeoutMs: timeoutMs + 1_000,
    read: async ({ signal }) => {
      const startedAt = performance.now()
      const limit = AbortSignal.timeout(timeoutMs)
      let response: Response
      try {
        response = await fetch(url, { headers, signal: AbortSignal.any([signal, limit]) })
      } catch (error) {
        if (signal.aborted) throw error
        return readings(false, limit.aborted ? performance.now() - startedAt : undefined)
      }
      const tookMs = performance.now() - startedAt
      const further = response.ok && parse ? await parse(response) : []
      if (!response.bodyUsed) await response.body?.cancel()
      return [...readings(response.ok, tookMs), ...further]
    },
  }
}
