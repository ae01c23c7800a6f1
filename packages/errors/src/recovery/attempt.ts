import type { Expiring } from './timeout-queue.ts'
import type { Run } from './run.ts'

/** What an operation is told about the attempt it makes. */
export interface Attempt {
  /** Which attempt of the run this is, 1 or more; hedges count. */
  readonly number: number
  /** Aborted when the run is cancelled, the attempt times out, or another one was faster. Made at first use: not asking for it saves its cost. */
  readonly signal: AbortSignal
}

/** An attempt under way. */
export interface OngoingAttempt extends Attempt, Expiring {
  /** The run it belongs to. */
  readonly run: Run
  /** The breaker's permit. */
  readonly permit: number
  /** Whether it has an outcome; what comes later is ignored. */
  done: boolean
  /** Ends its own timer, where it is not in a queue. */
  cancelTimeout: (() => void) | undefined
  /** Made when the signal is asked for. */
  controller: AbortController | undefined
  /** Why it was aborted, for a signal that is asked for afterwards. */
  abortReason: unknown
}

// Shared by all attempts: an accessor in an object literal costs 400 ns each time, one on a prototype 10.
const prototype = {
  get signal(): AbortSignal {
    const attempt = this as unknown as OngoingAttempt
    if (!attempt.controller) {
      attempt.controller = new AbortController()
      if (attempt.abortReason !== undefined) attempt.controller.abort(attempt.abortReason)
    }
    return attempt.controller.signal
  },
}

/** Makes the next attempt of a run. */
export const createAttempt = (run: Run, number: number, permit: number): OngoingAttempt => {
  const attempt = Object.create(prototype) as { -readonly [Key in keyof OngoingAttempt]: OngoingAttempt[Key] }
  attempt.number = number
  attempt.run = run
  attempt.permit = permit
  attempt.done = false
  attempt.due = 0
  attempt.queued = false
  attempt.before = undefined
  attempt.after = undefined
  attempt.cancelTimeout = undefined
  attempt.controller = undefined
  attempt.abortReason = undefined
  return attempt
}

/** Aborts an attempt's signal, or the one that may be asked for later. */
export const abortAttempt = (attempt: OngoingAttempt, reason: unknown): void => {
  attempt.abortReason = reason
  attempt.controller?.abort(reason)
}
