import type { ErrorCode, ErrorKind } from '../error-codes.ts'
import { outcome, type Classification } from './classification.ts'

/**
 * The canonical status codes (grpc/grpc, doc/statuscodes.md), by number. 0 is OK: an error that says OK is a bug.
 * UNKNOWN and INTERNAL are what a server makes of its own exceptions, so what was asked may have been done.
 */
const statuses: readonly (readonly [name: string, code: ErrorCode, kind: ErrorKind])[] = [
  ['OK', 'internal', 'bug'],
  ['CANCELLED', 'cancelled', 'permanent'],
  ['UNKNOWN', 'dependency_failed', 'ambiguous'],
  ['INVALID_ARGUMENT', 'invalid_argument', 'permanent'],
  ['DEADLINE_EXCEEDED', 'timeout', 'ambiguous'],
  ['NOT_FOUND', 'not_found', 'permanent'],
  ['ALREADY_EXISTS', 'conflict', 'permanent'],
  ['PERMISSION_DENIED', 'forbidden', 'permanent'],
  ['RESOURCE_EXHAUSTED', 'rate_limited', 'throttled'],
  ['FAILED_PRECONDITION', 'conflict', 'permanent'],
  ['ABORTED', 'conflict', 'transient'],
  ['OUT_OF_RANGE', 'invalid_argument', 'permanent'],
  ['UNIMPLEMENTED', 'unsupported', 'permanent'],
  ['INTERNAL', 'dependency_failed', 'ambiguous'],
  ['UNAVAILABLE', 'unavailable', 'transient'],
  ['DATA_LOSS', 'data_corrupt', 'permanent'],
  ['UNAUTHENTICATED', 'unauthenticated', 'permanent'],
]

const byNumber = statuses.map(([, code, kind], grpcCode): Classification =>
  Object.freeze({ ...outcome(code, kind), ...(grpcCode === 0 ? {} : { grpcCode }) }))
const byName = new Map(statuses.map(([name], grpcCode) => [name, byNumber[grpcCode]]))

/** Classifies a gRPC status by number (0–16) or by name, as Google's JSON errors write it; undefined otherwise. */
export const grpcStatusOutcome = (status: unknown): Classification | undefined =>
  typeof status === 'number' ? byNumber[status] : typeof status === 'string' ? byName.get(status) : undefined
