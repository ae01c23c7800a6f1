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
  invalid_argument: { kind: 'permanent', httpStatus: 400, grpcCode: 3, title: 'Invalid argument' },
  unauthenticated: { kind: 'permanent', httpStatus: 401, grpcCode: 16, title: 'Not signed in' },
  forbidden: { kind: 'permanent', httpStatus: 403, grpcCode: 7, title: 'Forbidden' },
  not_found: { kind: 'permanent', httpStatus: 404, grpcCode: 5, title: 'Not found' },
  conflict: { kind: 'permanent', httpStatus: 409, grpcCode: 10, title: 'Conflict' },
  too_large: { kind: 'permanent', httpStatus: 413, grpcCode: 11, title: 'Too large' },
  rate_limited: { kind: 'throttled', httpStatus: 429, grpcCode: 8, title: 'Rate limited' },
  capacity_exceeded: { kind: 'throttled', httpStatus: 503, grpcCode: 8, title: 'Capacity exceeded' },
  cancelled: { kind: 'permanent', httpStatus: 499, grpcCode: 1, title: 'Cancelled' },
  timeout: { kind: 'ambiguous', httpStatus: 504, grpcCode: 4, title: 'Timed out' },
  unavailable: { kind: 'transient', httpStatus: 503, grpcCode: 14, title: 'Unavailable' },
  dependency_failed: { kind: 'transient', httpStatus: 502, grpcCode: 14, title: 'A dependency failed' },
  storage_full: { kind: 'permanent', httpStatus: 507, grpcCode: 8, title: 'Storage is full' },
  data_corrupt: { kind: 'permanent', httpStatus: 500, grpcCode: 15, title: 'Data is corrupt' },
  unsupported: { kind: 'permanent', httpStatus: 501, grpcCode: 12, title: 'Unsupported' },
  internal: { kind: 'bug', httpStatus: 500, grpcCode: 13, title: 'Internal error' },
} as const satisfies Readonly<Record<string, ErrorCodeInfo>>

/** One of the codes of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes

/** Tells whether a value is one of our codes. */
export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(errorCodes, value)

const errorKinds: readonly unknown[] = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug'] satisfies ErrorKind[]

/** Tells whether a value is one of the kinds. */
export const isErrorKind = (value: unknown): value is ErrorKind => errorKinds.includes(value)
