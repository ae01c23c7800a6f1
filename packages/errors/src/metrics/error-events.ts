import type { ErrorCode, ErrorKind } from '../error-codes.ts'
import type { BreakerState } from '../recovery/breaker.ts'

/** What brought a run to a good end after its first attempt had failed. */
export type RecoveredBy = 'retry' | 'hedge' | 'fallback' | 'degrade'

/** One thing that happened in a run; `operation` is the recovery's name and `at` the clock's milliseconds. */
export type ErrorEvent = {
  /** The recovery's name. */
  readonly operation: string
  /** When, in the clock's milliseconds. */
  readonly at: number
} & (
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly kind: ErrorKind; readonly attempt: number }
  | { readonly type: 'retrying'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'hedging'; readonly attempt: number }
  | { readonly type: 'recovered'; readonly by: RecoveredBy; readonly attempts: number; readonly afterMs: number }
  | { readonly type: 'gave_up' | 'error'; readonly code: ErrorCode; readonly attempts: number }
  | { readonly type: 'refused'; readonly by: 'breaker' | 'bulkhead' }
  | { readonly type: 'budget_exhausted' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'breaker'; readonly from: BreakerState; readonly to: BreakerState; readonly key: string }
)

/** The parts of an event that the meter does not fill in by itself. */
export type EventFacts = ErrorEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'operation' | 'at'> : never) : never
