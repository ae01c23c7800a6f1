import { isErrorCode, isErrorKind, type ErrorCode, type ErrorKind } from './error-codes.ts'
import { HiveError, isHiveError } from './hive-error.ts'
import { redact } from './redact.ts'

/** An error of another origin as plain JSON. */
export interface ForeignErrorJson {
  /** Its name, or the type of what was thrown. */
  readonly name: string
  /** Its message. */
  readonly message: string
  /** Where it was made; only when asked for. */
  readonly stack?: string
}

/** An error as plain JSON, for logs, queues and databases. */
export interface ErrorJson {
  /** What went wrong. */
  readonly code: ErrorCode
  /** What a caller may do about it. */
  readonly kind: ErrorKind
  /** The error's message. */
  readonly message: string
  /** A narrower code under `code`, as `domain.name`. */
  readonly reason?: string
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number
  /** Facts for a program or a reader. */
  readonly details?: Readonly<Record<string, unknown>>
  /** Where it was made; only when asked for. */
  readonly stack?: string
  /** What brought it about; only when asked for. */
  readonly cause?: ErrorJson | ForeignErrorJson
}

/** What to write beside code, kind, message, reason, retry time and details. */
export interface ErrorJsonOptions {
  /** Writes stacks; false by default. */
  readonly stack?: boolean
  /** Writes the chain of causes, at most 8 deep; false by default. */
  readonly cause?: boolean
  /** Lets secrets in the details pass as they are; false by default. */
  readonly secrets?: boolean
}

const maxCauses = 8

/**
 * Writes an error as plain JSON. No stack, no cause and no secret leaves unless asked for.
 *
 * @example
 * ```ts
 * import { fromErrorJson, HiveError, toErrorJson } from '@hivekit/errors'
 *
 * const json = JSON.stringify(toErrorJson(new HiveError('timeout', 'No answer in 5 s.')))
 * fromErrorJson(JSON.parse(json)).code // 'timeout'
 * ```
 */
export const toErrorJson = (error: HiveError, options: ErrorJsonOptions = {}): ErrorJson => write(error, options, maxCauses)

const write = (error: HiveError, options: ErrorJsonOptions, causesLeft: number): ErrorJson => {
  const clean = options.secrets ? (value: unknown) => value : (value: unknown) => redact(value)
  const cause = options.cause && causesLeft > 0 ? writeCause(error.cause, options, causesLeft) : undefined
  return {
    code: error.code,
    kind: error.kind,
    message: clean(error.message) as string,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: clean(error.details) as Record<string, unknown> }),
    ...(options.stack && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(cause && { cause }),
  }
}

const writeCause = (cause: unknown, options: ErrorJsonOptions, causesLeft: number): ErrorJson['cause'] => {
  if (cause === undefined) return undefined
  if (isHiveError(cause)) return write(cause, options, causesLeft - 1)
  const { name, message, stack } = cause instanceof Error ? cause : { name: typeof cause, message: describe(cause), stack: undefined }
  const text = options.secrets ? message : (redact(message) as string)
  return { name, message: text, ...(options.stack && stack !== undefined ? { stack } : {}) }
}

const describe = (value: unknown) => {
  try {
    return String(value)
  } catch {
    return '[unreadable]'
  }
}

/** Reads what {@link toErrorJson} wrote; anything else becomes an `internal` error. Never throws. */
export const fromErrorJson = (json: unknown): HiveError => {
  if (typeof json !== 'object' || json === null) return new HiveError('internal', 'Not an error in JSON.')
  const { code, kind, message, reason, retryAfterMs, details, stack, cause } = json as Partial<Record<keyof ErrorJson, unknown>>
  const error = new HiveError(isErrorCode(code) ? code : 'internal', typeof message === 'string' ? message : '', {
    ...(isErrorKind(kind) ? { kind } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {}),
    ...(typeof cause === 'object' && cause !== null ? { cause: readCause(cause) } : {}),
    stack: 'none',
  })
  if (typeof stack === 'string') Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  return error
}

const readCause = (cause: object): Error => {
  if ('code' in cause && isErrorCode(cause.code)) return fromErrorJson(cause)
  const { name, message, stack } = cause as { readonly name?: unknown; readonly message?: unknown; readonly stack?: unknown }
  const error = new Error(String(message))
  error.name = String(name)
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  return error
}
