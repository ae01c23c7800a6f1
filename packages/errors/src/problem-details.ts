import { errorCodes, isErrorCode, type ErrorCode, type ErrorKind } from './error-codes.ts'
import { HiveError } from './hive-error.ts'

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
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number
  /** Facts for a program or a reader. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * Turns an error into an RFC 9457 document. Its stack and cause stay at home.
 *
 * @example
 * ```ts
 * import { HiveError, toProblemDetails } from '@hivekit/errors'
 *
 * toProblemDetails(new HiveError('not_found', 'No bot "x".')).status // 404
 * ```
 */
export const toProblemDetails = (error: HiveError, { instance }: { readonly instance?: string } = {}): ProblemDetails => ({
  type: `urn:hivekit:error:${error.code}`,
  title: errorCodes[error.code].title,
  status: errorCodes[error.code].httpStatus,
  detail: error.message,
  ...(instance === undefined ? {} : { instance }),
  code: error.code,
  kind: error.kind,
  ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
})

const kinds: readonly ErrorKind[] = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug']

/**
 * Reads an RFC 9457 document back into an error. A document of another origin, without one of our codes,
 * becomes the code that its HTTP status is nearest to. Never throws.
 */
export const fromProblemDetails = (problem: unknown): HiveError => {
  const { code, kind, status, detail, title, retryAfterMs, details } =
    typeof problem === 'object' && problem !== null ? (problem as Partial<Record<keyof ProblemDetails, unknown>>) : {}
  const known = isErrorCode(code) ? code : codeOfStatus(status)
  const message = [detail, title].find(text => typeof text === 'string') ?? errorCodes[known].title
  const knownKind = kinds.find(k => k === kind)
  return new HiveError(known, message, {
    ...(knownKind === undefined ? {} : { kind: knownKind }),
    ...(typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? { retryAfterMs } : {}),
    ...(typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {}),
  })
}

const codeOfStatus = (status: unknown): ErrorCode => {
  const exact = (Object.keys(errorCodes) as ErrorCode[]).find(code => errorCodes[code].httpStatus === status)
  if (exact) return exact
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid_argument' : 'internal'
}
