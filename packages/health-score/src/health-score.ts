/** How good a score is, in a word. `unknown` is never better than any other. */
export type Grade = 'healthy' | 'degraded' | 'unhealthy' | 'critical' | 'unknown'

/**
 * Why a reading or signal is not known.
 *
 * - `missing`: nothing was read; `stale`: read too long ago, or as far in the future; `invalid`: NaN, infinite or of
 *   the wrong shape; `unknown`: a member of which nothing is known; `no-quorum`: fewer fresh readings than must agree;
 *   `unexpected`: the model has no such signal.
 */
export type Problem = 'missing' | 'stale' | 'invalid' | 'unknown' | 'no-quorum' | 'unexpected'

/** A reading or signal that the score had to do without. */
export interface NotKnown {
  /** The signal. */
  readonly signal: string
  /** Who measured it, if it says so; null if the whole signal is not known. */
  readonly monitor: string | null
  /** Why. */
  readonly problem: Problem
}

/** What one signal said and did. */
export interface SignalScore {
  /** The signal. */
  readonly signal: string
  /** What people call it. */
  readonly label: string
  /** The unit of its value; empty if it has none. */
  readonly unit: string
  /** The value that decided (the mean, when combined by mean); of a nested signal, the member's score. Null: not known. */
  readonly value: number | null
  /** Its combined utility, 0–1. Null: not known. */
  readonly utility: number | null
  /** Its share of this score, 0–1, after the unknown signals were left out. */
  readonly share: number
  /** How many points it cost, 0–100. */
  readonly points: number
  /** How many points the score would rise with this signal, and it alone, at its target. */
  readonly gain: number
  /** The value at which it would cost nothing; null for a nested signal. */
  readonly target: number | null
  /** How much of what it should know it knew, 0–1. */
  readonly confidence: number
  /** The members of a nested signal, in the order they came. Empty for a signal of values. */
  readonly members: readonly MemberScore[]
}

/** One member of a nested signal. */
export interface MemberScore {
  /** Which member. */
  readonly monitor: string
  /** Its score, by its own model. */
  readonly score: HealthScore
}

/** Where some of the missing points went. */
export interface Contribution {
  /** A signal's own loss, or what a failed gate took beyond that. */
  readonly kind: 'signal' | 'gate'
  /** The signal, or the signal the gate watches. */
  readonly signal: string
  /** The signal's label, or the gate's name. */
  readonly label: string
  /** How many points, above 0. */
  readonly points: number
}

/** The smallest repair that would raise the score, and by how much. */
export interface Counterfactual {
  /** The signals that would have to be at their targets: one, or all those whose gates cap the score together. */
  readonly signals: readonly string[]
  /** By how many points the score would rise. */
  readonly gain: number
}

/** One number, and why it is so. Plain data: it survives `JSON.stringify`. */
export interface HealthScore {
  /** The model's name. */
  readonly model: string
  /** When it was scored, in epoch milliseconds. */
  readonly at: number
  /** 0–100; null when nothing is known. */
  readonly score: number | null
  /** The score in a word; `unknown` too when confidence is too low or a gate could not be checked. */
  readonly grade: Grade
  /** The share of what the model asks about that was answered, 0–1. */
  readonly confidence: number
  /** Where the points went, dearest first. They sum to exactly 100 − score. */
  readonly contributions: readonly Contribution[]
  /** The failed gate that capped the score, by name; null if none did. */
  readonly cappedBy: string | null
  /** Every failed gate, by name, whether or not it was the one that capped. */
  readonly failedGates: readonly string[]
  /** The repair that would help most; null if nothing is lost. */
  readonly counterfactual: Counterfactual | null
  /** Every signal of the model, in its order. */
  readonly signals: readonly SignalScore[]
  /** Every reading and signal that was not known, and why. */
  readonly notKnown: readonly NotKnown[]
}
