import { errorCodes, errorKindNames, type ErrorCode, type ErrorKind } from '../error-codes.ts'

/** What a thrown value means. */
export interface Classification {
  /** What a caller may do about it. */
  readonly kind: ErrorKind
  /** The code of the closed taxonomy. */
  readonly code: ErrorCode
  /** The HTTP status that was seen, or else the code's own; 400–599. */
  readonly httpStatus: number
  /** The gRPC code that was seen, or else the code's own; 1–16. */
  readonly grpcCode: number
  /** How long the other side asks to wait, in milliseconds. */
  readonly retryAfterMs?: number
}

const ofEachKind = (code: ErrorCode) => {
  const { httpStatus, grpcCode } = errorCodes[code]
  return Object.fromEntries(errorKindNames.map(kind => [kind, Object.freeze({ kind, code, httpStatus, grpcCode })])) as Record<ErrorKind, Classification>
}

const outcomes = Object.fromEntries((Object.keys(errorCodes) as ErrorCode[]).map(code => [code, ofEachKind(code)])) as
  Record<ErrorCode, Record<ErrorKind, Classification>>

/** The classification of a code and kind: one frozen object each, so that classifying allocates nothing. */
export const outcome = (code: ErrorCode, kind: ErrorKind = errorCodes[code].kind): Classification => outcomes[code][kind]

/** One line of a table: the code, the kind, and the names that mean it, parted by spaces. */
export type OutcomeRow = readonly [code: ErrorCode, kind: ErrorKind, names: string]

/** A table from a name to what it means. */
export const outcomeTable = (rows: readonly OutcomeRow[]): ReadonlyMap<string, Classification> =>
  new Map(rows.flatMap(([code, kind, names]) => names.split(' ').map(name => [name, outcome(code, kind)] as const)))
