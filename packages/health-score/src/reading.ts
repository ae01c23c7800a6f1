/** One measured value of one signal. */
export interface ValueReading {
  /** Which signal of the model it belongs to. */
  readonly signal: string
  /** The value, in the signal's unit. NaN and infinities are treated as not known. */
  readonly value: number
  /** When it was measured, in epoch milliseconds. */
  readonly at: number
  /** Who measured it. Readings of one signal are combined, whether or not they name a monitor. */
  readonly monitor?: string
}

/** The readings of one member of a nested signal: of one bot in a fleet, of one fleet in a hive. */
export interface MemberReading {
  /** Which signal of the model it belongs to; that signal names the member's own model. */
  readonly signal: string
  /** Which member this is. */
  readonly monitor: string
  /** What is known of this member. None at all makes the member unknown. */
  readonly readings: readonly Reading[]
}

/** What {@link scoreHealth} reads: a value, or a member with readings of its own. */
export type Reading = ValueReading | MemberReading
