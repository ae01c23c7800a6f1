/**
 * What a caller may do about a failure.
 *
 * - `transient`: nothing was done, and the same call may succeed soon.
 * - `throttled`: refused for now because of load; wait `retryAfterMs`.
 * - `permanent`: the same call will fail again.
 * - `ambiguous`: the call was sent and its outcome is unknown; repeat it only if it is idempotent.
 * - `bug`: the program is wrong; repeating it helps nobody.
 */
export type ErrorKind = 'transient' | 'throttled' | 'permanent' | 'ambiguous' | 'bug'

/** How one code behaves by default, and how HTTP (RFC 9110) and gRPC name it. */
export interface ErrorCodeInfo {
  /** The kind an error of this code has unless it says otherwise. */
  readonly kind: ErrorKind
  /** HTTP status, 400–599. */
  readonly httpStatus: number
  /** gRPC status code, 1–16. */
  readonly grpcCode: number
  /** A short name for people, without a full stop. */
  readonly title: string
}

const info = (kind: ErrorKind, httpStatus: number, grpcCode: number, title: string): ErrorCodeInfo =>
  Object.freeze({ kind, httpStatus, grpcCode, title })

/**
 * The closed taxonomy: every failure in the suite has one of these codes.
 *
 * @example
 * ```ts
 * import { errorCodes } from '@hivekit/errors'
 *
 * errorCodes.not_found.httpStatus // 404
 * ```
 */
export const errorCodes = {
  /** What was asked makes no sense. Correct it; asking again will not help. */
  invalid_argument: info('permanent', 400, 3, 'Invalid argument'),
  /** Nobody knows who is asking. Sign in, then ask again. */
  unauthenticated: info('permanent', 401, 16, 'Not signed in'),
  /** Who is asking may not have this. Ask someone who may. */
  forbidden: info('permanent', 403, 7, 'Forbidden'),
  /** There is no such thing. Look for the right name. */
  not_found: info('permanent', 404, 5, 'Not found'),
  /** The thing is not in the state this needs, or exists already. Read it again and decide anew. */
  conflict: info('permanent', 409, 10, 'Conflict'),
  /** More than one call may carry. Send less, or in parts. */
  too_large: info('permanent', 413, 11, 'Too large'),
  /** Asked too often. Wait as long as `retryAfterMs` says, and ask less often. */
  rate_limited: info('throttled', 429, 8, 'Rate limited'),
  /** There is no room for more work now. Wait, or give something up. */
  capacity_exceeded: info('throttled', 503, 8, 'Capacity exceeded'),
  /** Whoever asked no longer wants it. Nothing is to be done. */
  cancelled: info('permanent', 499, 1, 'Cancelled'),
  /** No answer came in time; it may have been done. Repeat it if that does no harm, else look. */
  timeout: info('ambiguous', 504, 4, 'Timed out'),
  /** It cannot be reached or is not ready; nothing was done. Try again soon. */
  unavailable: info('transient', 503, 14, 'Unavailable'),
  /** What this relies on failed. Try again unless the kind says otherwise. */
  dependency_failed: info('transient', 502, 14, 'A dependency failed'),
  /** There is no space left to write to. Free some, then try again. */
  storage_full: info('permanent', 507, 8, 'Storage is full'),
  /** What was stored is damaged. Restore it from a backup. */
  data_corrupt: info('permanent', 500, 15, 'Data is corrupt'),
  /** This cannot do that, now or ever. Use something else. */
  unsupported: info('permanent', 501, 12, 'Unsupported'),
  /** The program is wrong. Report it. */
  internal: info('bug', 500, 13, 'Internal error'),
} as const

/** One of the codes of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes

/** Tells whether a value is one of our codes. */
export const isErrorCode = (value: unknown): value is ErrorCode => codeNames.has(value)

const codeNames: ReadonlySet<unknown> = new Set(Object.keys(errorCodes))

/** Tells whether a value is one of the kinds. */
export const isErrorKind = (value: unknown): value is ErrorKind => errorKinds.has(value)

/** All kinds. */
export const errorKindNames = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug'] as const satisfies readonly ErrorKind[]

const errorKinds: ReadonlySet<unknown> = new Set(errorKindNames)
