import { expectNumber } from './expect-option.ts'

/** Opens after so many failures in a row. */
export interface ConsecutiveTrip {
  /** Counts failures in a row. */
  readonly type: 'consecutive'
  /** How many, 1 or more; 5 by default. */
  readonly failures?: number
}

/** Opens when too great a part of the last calls failed. */
export interface CountTrip {
  /** Counts among the last calls. */
  readonly type: 'count'
  /** How many calls are looked back on, 1 or more; 100 by default. */
  readonly size?: number
  /** Fewer calls than this never open it, 1 to `size`; 10 by default, or `size` if that is less. */
  readonly minimum?: number
  /** The part that is too great, more than 0 and at most 1; 0.5 by default. */
  readonly failureRatio?: number
}

/** Opens when too great a part of the calls of the last while failed. */
export interface SamplingTrip {
  /** Counts among the calls of the last while. */
  readonly type: 'sampling'
  /** How long the while is, in milliseconds, 1 or more; 10,000 by default. It slides in tenths. */
  readonly windowMs?: number
  /** Fewer calls than this never open it, 1 or more; 20 by default. */
  readonly minimum?: number
  /** The part that is too great, more than 0 and at most 1; 0.5 by default. */
  readonly failureRatio?: number
}

/** When a breaker opens. */
export type TripOptions = ConsecutiveTrip | CountTrip | SamplingTrip

/** Keeps what happened while a breaker is closed. */
export interface Trip {
  /** Adds an outcome, and says whether the breaker is to open. */
  readonly record: (failed: boolean, now: number) => boolean
  /** Forgets everything. */
  readonly reset: () => void
}

/** Makes the record that decides when a breaker opens. Throws a RangeError on an option out of range. */
export const createTrip = (options: TripOptions): Trip => {
  switch (options.type) {
    case 'consecutive': return consecutive(options.failures)
    case 'count': return count(options.size, options.minimum, options.failureRatio)
    case 'sampling': return sampling(options.windowMs, options.minimum, options.failureRatio)
    default: throw new TypeError(`Expected a trip of type consecutive, count or sampling; got ${String((options as { type: unknown }).type)}.`)
  }
}

const consecutive = (limit = 5): Trip => {
  expectNumber('failures', limit, 1)
  let failures = 0
  return {
    record: failed => {
      failures = failed ? failures + 1 : 0
      return failures >= limit
    },
    reset: () => {
      failures = 0
    },
  }
}

const count = (size = 100, minimum = Math.min(10, size), failureRatio = 0.5): Trip => {
  expectNumber('size', size, 1)
  expectNumber('minimum', minimum, 1, size)
  expectNumber('failureRatio', failureRatio, Number.MIN_VALUE, 1)
  const outcomes = new Uint8Array(size)
  let calls = 0
  let failures = 0
  let at = 0
  return {
    record: failed => {
      failures += (failed ? 1 : 0) - outcomes[at]!
      outcomes[at] = failed ? 1 : 0
      at = at + 1 === size ? 0 : at + 1
      if (calls < size) calls++
      return failed && calls >= minimum && failures >= calls * failureRatio
    },
    reset: () => {
      outcomes.fill(0)
      calls = failures = at = 0
    },
  }
}

/** The window slides in tenths. */
const slices = 10

const sampling = (windowMs = 10_000, minimum = 20, failureRatio = 0.5): Trip => {
  expectNumber('windowMs', windowMs, 1)
  expectNumber('minimum', minimum, 1)
  expectNumber('failureRatio', failureRatio, Number.MIN_VALUE, 1)
  const sliceMs = windowMs / slices
  const calls = new Float64Array(slices)
  const failures = new Float64Array(slices)
  let allCalls = 0
  let allFailures = 0
  let slice = Number.NEGATIVE_INFINITY

  const advance = (now: number) => {
    const current = Math.floor(now / sliceMs)
    const passed = Math.min(slices, current - slice)
    for (let i = 0; i < passed; i++) {
      const old = (((current - i) % slices) + slices) % slices
      allCalls -= calls[old]!
      allFailures -= failures[old]!
      calls[old] = failures[old] = 0
    }
    if (passed > 0) slice = current
    return ((slice % slices) + slices) % slices
  }

  return {
    record: (failed, now) => {
      const at = advance(now)
      calls[at]!++
      allCalls++
      if (!failed) return false
      failures[at]!++
      allFailures++
      return allCalls >= minimum && allFailures >= allCalls * failureRatio
    },
    reset: () => {
      calls.fill(0)
      failures.fill(0)
      allCalls = allFailures = 0
    },
  }
}
