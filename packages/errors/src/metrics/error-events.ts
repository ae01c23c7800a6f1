import type { ErrorCode, ErrorKind } from '../error-codes.ts'
import type { BreakerState } from '../recovery/breaker.ts'

/** What brought a run to a good end after trouble. */
export type RecoveredBy = 'retry' | 'hedge' | 'fallback' | 'degrade'

/** What all events have. */
export interface EventBase {
  /** The recovery's name. */
  readonly operation: string
  /** When, in the clock's milliseconds. */
  readonly at: number
}

/** An attempt failed. */
export interface FailedEvent extends EventBase {
  /** What happened. */
  readonly type: 'failed'
  /** What went wrong. */
  readonly code: ErrorCode
  /** What may be done about it. */
  readonly kind: ErrorKind
  /** Which attempt of its run it was, 1 or more. */
  readonly attempt: number
}

/** A run waits to make another attempt. */
export interface RetryingEvent extends EventBase {
  /** What happened. */
  readonly type: 'retrying'
  /** Which attempt comes next. */
  readonly attempt: number
  /** How long it waits, in milliseconds. */
  readonly delayMs: number
}

/** A run starts another attempt beside one that takes long. */
export interface HedgingEvent extends EventBase {
  /** What happened. */
  readonly type: 'hedging'
  /** Which attempt it is. */
  readonly attempt: number
}

/** A run ended well after trouble. */
export interface RecoveredEvent extends EventBase {
  /** What happened. */
  readonly type: 'recovered'
  /** What helped. */
  readonly by: RecoveredBy
  /** How many attempts it made. */
  readonly attempts: number
  /** How long after its first failure, in milliseconds. */
  readonly afterMs: number
}

/** A run ended with an error: one that nothing helped against (`gave_up`), or that no recovery is for (`error`). */
export interface EndedEvent extends EventBase {
  /** What happened. */
  readonly type: 'gave_up' | 'error'
  /** What went wrong. */
  readonly code: ErrorCode
  /** How many attempts it made. */
  readonly attempts: number
}

/** A run or a retry was not let through. */
export interface RefusedEvent extends EventBase {
  /** What happened. */
  readonly type: 'refused'
  /** What refused it. */
  readonly by: 'breaker' | 'bulkhead'
}

/** A retry or a hedge could not be paid, or a run was cancelled. */
export interface StoppedEvent extends EventBase {
  /** What happened. */
  readonly type: 'budget_exhausted' | 'cancelled'
}

/** A breaker changed its state. */
export interface BreakerEvent extends EventBase {
  /** What happened. */
  readonly type: 'breaker'
  /** The state before. */
  readonly from: BreakerState
  /** The state after. */
  readonly to: BreakerState
  /** Whose breaker it is; `''` when there is one for all. */
  readonly key: string
}

/** One thing that happened to an operation. */
export type ErrorEvent =
  | FailedEvent | RetryingEvent | HedgingEvent | RecoveredEvent | EndedEvent | RefusedEvent | StoppedEvent | BreakerEvent

/** An event without what the meter adds by itself. */
export type EventFacts = ErrorEvent extends infer Event ? (Event extends EventBase ? Omit<Event, keyof EventBase> : never) : never
