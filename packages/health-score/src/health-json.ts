import type { HealthScore, SignalScore } from './health-score.ts'

/** One check of an `application/health+json` document. */
export interface HealthJsonCheck {
  /** `pass`, `warn` or `fail`. */
  readonly status: 'pass' | 'warn' | 'fail'
  /** `component`, as the draft names what is neither a datastore nor a system. */
  readonly componentType: 'component'
  /** The value that decided; absent if it is not known. */
  readonly observedValue?: number
  /** Its unit; absent if it has none. */
  readonly observedUnit?: string
  /** When it was scored, ISO 8601. */
  readonly time: string
  /** What is wrong; absent from a check that passes. */
  readonly output?: string
}

/** An `application/health+json` document. */
export interface HealthJson {
  /** `fail` only when not ready, since the draft has it answered with an error status. */
  readonly status: 'pass' | 'warn' | 'fail'
  /** The service's public version. */
  readonly version?: string
  /** Identifies the service. */
  readonly serviceId?: string
  /** The score in a sentence, unless all is well. */
  readonly output?: string
  /** Where the points went, and what is not known. */
  readonly notes: readonly string[]
  /** Every signal, under `<signal>:value`. */
  readonly checks: Readonly<Record<string, readonly HealthJsonCheck[]>>
}

/** What {@link toHealthJson} takes beside the score. */
export interface HealthJsonOptions {
  /** Whether the service takes requests. A bad score alone does not make it unready. Default true. */
  readonly ready?: boolean
  /** The service's public version. */
  readonly version?: string
  /** Identifies the service. */
  readonly serviceId?: string
}

/** What to answer to a health request. */
export interface HealthAnswer {
  /** 503 when not ready, else 200. */
  readonly statusCode: 200 | 503
  /** `application/health+json`. */
  readonly contentType: 'application/health+json'
  /** The document. */
  readonly body: HealthJson
}

/**
 * Puts a score in the shape of the Internet-Draft "Health Check Response Format for HTTP APIs" (inadarei, expired, and what
 * tools agree on). Answer it with `statusCode`: a load balancer that takes every degraded instance out of service makes an
 * incident worse, so only an unready one says 503.
 *
 * @example
 * ```ts
 * import { responsivenessModel, scoreHealth, toHealthJson } from '@hivekit/health-score'
 *
 * const score = scoreHealth([], responsivenessModel(), { now: Date.now() })
 * const { statusCode, body } = toHealthJson(score, { ready: false, version: '1' }) // 503, body.status 'fail'
 * ```
 */
export const toHealthJson = (score: HealthScore, { ready = true, version, serviceId }: HealthJsonOptions = {}): HealthAnswer => {
  const status = !ready ? 'fail' : score.grade === 'healthy' ? 'pass' : 'warn'
  const time = new Date(score.at).toISOString()
  return {
    statusCode: ready ? 200 : 503,
    contentType: 'application/health+json',
    body: {
      status,
      ...(version === undefined ? {} : { version }),
      ...(serviceId === undefined ? {} : { serviceId }),
      ...(status === 'pass' ? {} : { output: `${ready ? '' : 'Not ready. '}${score.score === null ? 'Nothing is known' : `Scored ${Number(score.score.toFixed(1))} of 100`}, ${score.grade}.` }),
      notes: [
        ...score.contributions.map(({ label, points }) => `−${Number(points.toFixed(1))}: ${label}`),
        ...score.notKnown.map(({ signal, problem }) => `${signal} is not known: ${problem}`),
      ],
      checks: Object.fromEntries(score.signals.map(one => [`${one.signal}:value`, [checkOf(one, time)]])),
    },
  }
}

const checkOf = ({ label, unit, value, utility }: SignalScore, time: string): HealthJsonCheck => {
  const status = utility === null || (utility > 0 && utility < 0.9) ? 'warn' : utility === 0 ? 'fail' : 'pass'
  return {
    status,
    componentType: 'component',
    ...(value === null ? {} : { observedValue: value }),
    ...(unit === '' ? {} : { observedUnit: unit }),
    time,
    ...(status === 'pass' ? {} : { output: utility === null ? `${label} is not known.` : `${label} is worth ${Math.round(utility * 100)} of 100.` }),
  }
}
