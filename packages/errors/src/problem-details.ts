import { errorCodes, isErrorCode, isErrorKind, type ErrorCode, type ErrorKind } from './error-codes.ts'
import { HiveError } from './hive-error.ts'
import { httpStatusOutcome } from './classification/http-status.ts'
import { redact } from './redact.ts'

/** An error as RFC 9457 puts it on the wire (`application/problem+json`). */
export interface ProblemDetails {
  /** `urn:hivekit:error:<code>`. */
  readonly type: string
  /** The code's short name. */
  readonly title: string
  /** HTTP status. */
  readonly status: number
  /** The error's message. */
  readonly detail: string
  /** Identifies this occurrence, for instance the request. */
  readonly instance?: string
  /** What went wrong. */
  readonly code: ErrorCode
  /** What a caller may do about it. */
  readonly kind: ErrorKind
  /** A narrower code under `code`, as `domain.name`. */
  readonly reason?: string
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number
  /** Facts for a program or a reader. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** What a problem document says beside the error. */
export interface ProblemDetailsOptions {
  /** Identifies this occurrence, for instance the request. */
  readonly instance?: string
  /** Lets secrets in the details pass as they are; false by default. */
  readonly secrets?: boolean
}

/**
 * Turns an error into an RFC 9457 document. Its stack and cause stay at home, and details under secret keys are redacted.
 *
 * @example
 * ```ts
 * import { HiveError, toProblemDetails } from '@hivekit/errors'
 *
 * toProblemDetails(new HiveError('not_found', 'No bot "x".')).status // 404
 * ```
 */
export const toProblemDetails = (
  error: HiveError,
  { instance, secrets = false }: ProblemDetailsOptions = {},
): ProblemDetails => ({
  type: `urn:hivekit:error:${error.code}`,
  title: errorCodes[error.code].title,
  status: errorCodes[error.code].httpStatus,
  detail: secrets ? error.message : (redact(error.message) as string),
  ...(instance === undefined ? {} : { instance }),
  code: error.code,
  kind: error.kind,
  ...(error.reason === undefined ? {} : { reason: error.reason }),
  ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  ...(Object.keys(error.details).length === 0
    ? {}
    : { details: secrets ? error.details : (redact(error.details) as Record<string, unknown>) }),
})

/**
 * Reads an RFC 9457 document back into an error. A document of another origin, without one of our codes,
 * becomes the code that its HTTP status is nearest to. Never throws.
 */
export const fromProblemDetails = (problem: unknown): HiveError => {
  const { code, kind, status, detail, title, reason, retryAfterMs, details } =
    typeof problem === 'object' && problem !== null ? (problem as Partial<Record<keyof ProblemDetails, unknown>>) : {}
  const known = isErrorCode(code) ? code : (httpStatusOutcome(status)?.code ?? 'internal')
  const message = [detail, title].find(text => typeof text === 'string') ?? errorCodes[known].title
  return new HiveError(known, message, {
    ...(isErrorKind(kind) ? { kind } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs } : {}),
    ...(typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {}),
  })
}
