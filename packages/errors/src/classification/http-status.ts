import type { ErrorCode, ErrorKind } from '../error-codes.ts'
import { outcome, type Classification } from './classification.ts'

type Row = readonly [code: ErrorCode, kind: ErrorKind, statuses: readonly number[]]

/**
 * RFC 9110, RFC 6585, the IANA registry, and what nginx (444, 499), Microsoft (440), Cloudflare (520–530) and AI services (529) add.
 * A 5xx that a server made after it had the request is ambiguous: what was asked may have been done.
 */
const rows: readonly Row[] = [
  ['invalid_argument', 'permanent', [400, 411, 416, 418, 422]],
  ['unauthenticated', 'permanent', [401, 407, 440, 511]],
  ['forbidden', 'permanent', [402, 403, 451]],
  ['not_found', 'permanent', [404, 410]],
  ['unsupported', 'permanent', [405, 406, 415, 417, 426, 501, 505, 510]],
  ['timeout', 'transient', [408, 522]],
  ['conflict', 'permanent', [409, 412, 428]],
  ['too_large', 'permanent', [413, 414, 431]],
  ['unavailable', 'transient', [421, 425, 503, 521, 523, 530]],
  ['conflict', 'transient', [423]],
  ['dependency_failed', 'permanent', [424, 506, 508, 525, 526]],
  ['rate_limited', 'throttled', [429]],
  ['dependency_failed', 'ambiguous', [444]],
  ['cancelled', 'permanent', [499]],
  ['timeout', 'ambiguous', [504, 524, 598, 599]],
  ['storage_full', 'permanent', [507]],
  ['capacity_exceeded', 'throttled', [509, 529]],
]

const named = new Map(rows.flatMap(([code, kind, statuses]) => statuses.map(status => [status, [code, kind] as const] as const)))

const byStatus = Array.from({ length: 200 }, (_, i): Classification => {
  const status = i + 400
  const [code, kind] = named.get(status) ?? (status < 500 ? (['invalid_argument', 'permanent'] as const) : (['dependency_failed', 'ambiguous'] as const))
  return Object.freeze({ ...outcome(code, kind), httpStatus: status })
})

/** Classifies an HTTP status; undefined unless it is an integer of 400–599. */
export const httpStatusOutcome = (status: unknown): Classification | undefined =>
  typeof status === 'number' ? byStatus[status - 400] : undefined
