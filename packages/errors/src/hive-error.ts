import { errorCodes, isErrorCode, type ErrorCode, type ErrorKind } from './error-codes.ts'
import { redact } from './redact.ts'
import { capturesStack, setStackFrames, type StackCapture } from './stack-capture.ts'

/** What an error carries beside its code and message. */
export interface HiveErrorOptions {
  /** Overrides the kind that the code has by default. */
  readonly kind?: ErrorKind
  /** A narrower code under `code`, as `domain.name`; see `defineErrors`. */
  readonly reason?: string
  /** How long to wait before the next attempt, in milliseconds, 0 or more. */
  readonly retryAfterMs?: number
  /** Facts for a program or a reader; JSON values. They cross process borders, so no secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  /** What brought this about. */
  readonly cause?: unknown
  /** Whether to capture a stack: `full` by default; it is most of an error's cost. */
  readonly stack?: StackCapture
}

/**
 * A failure with a code from the closed taxonomy. Expected failures are returned in a `Result`, not thrown.
 *
 * @example
 * ```ts
 * import { HiveError } from '@hivekit/errors'
 *
 * const error = new HiveError('rate_limited', 'Too many messages.', { retryAfterMs: 1_000 })
 * error.kind // 'throttled'
 * ```
 */
export class HiveError extends Error {
  /** Always `HiveError`. */
  declare readonly name: 'HiveError'
  /** What went wrong. */
  readonly code: ErrorCode
  /** What a caller may do about it. */
  readonly kind: ErrorKind
  /** A narrower code under `code`, as `domain.name`. */
  readonly reason: string | undefined
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** Facts for a program or a reader. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: HiveErrorOptions = {}) {
    const frames = capturesStack(code, options.stack) ? undefined : setStackFrames(0)
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    if (frames !== undefined) setStackFrames(frames)
    this.code = code
    this.kind = options.kind ?? errorCodes[code].kind
    this.reason = options.reason
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details ?? noDetails
  }

  /** What `JSON.stringify` writes: no stack, no cause, and secrets redacted. See `toErrorJson` for more. */
  toJSON(): object {
    const { name, code, kind, message, reason, retryAfterMs, details } = this
    return { name, code, kind, message: redact(message), reason, retryAfterMs, details: redact(details) }
  }

  static {
    // On the prototype rather than on each error: the stack's first line is written before fields are.
    Object.defineProperty(this.prototype, 'name', { value: 'HiveError', configurable: true, writable: true })
  }
}

const noDetails: Readonly<Record<string, unknown>> = Object.freeze({})

/**
 * Tells whether a value is a {@link HiveError}, by name and code rather than by class,
 * so that an error made by another copy of this module is recognised too. Never throws.
 */
export const isHiveError = (value: unknown): value is HiveError => {
  try {
    return value instanceof Error && value.name === 'HiveError' && 'code' in value && isErrorCode(value.code)
  } catch {
    return false
  }
}
