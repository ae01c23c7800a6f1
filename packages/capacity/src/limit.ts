/** How a piece of work went, as far as limits care: adaptive limits learn from it. */
export type PermitOutcome = 'ok' | 'dropped' | 'ignored'

/** What a limit says of itself. */
export interface LimitUsage {
  /** What is in use now, in `unit`; `null` while nothing is known of it. For a limit per key: of the fullest key. */
  readonly used: number | null
  /** The most that may be in use, in `unit`. */
  readonly max: number
  /** What `used` and `max` count, for instance `permits`, `bytes` or `ratio`. */
  readonly unit: string
  /** How many keys the limit holds state for; absent for a limit over all keys. */
  readonly keys?: number
}

/**
 * One limit among those that a decision is made over. The plain descriptions ({@link LimitSpec}) are made into these;
 * implement it yourself to bring a limit of your own, as the Redis engine does. Every method is synchronous and must not throw.
 */
export interface Limit {
  /** A name for the sort of limit, shown in refusals and reports. */
  readonly kind: string
  /**
   * What makes room when the limit is full: the release of a permit, or time passing.
   * Waiting work is tried again on every release, and for `time` also after `waitMs`.
   */
  readonly freedBy: 'release' | 'time'
  /** Whether it counts each key by itself: then waiting work of other keys is not held up by one key at its limit. Default false. */
  readonly perKey?: boolean
  /**
   * Whether `release` goes by its times. They are 0 when no limit of a capacity is timed: reading the clock costs as much as all the
   * rest of a release. Default false.
   */
  readonly timed?: boolean
  /** Says how long until `cost` may fit, in milliseconds: 0 for now, `Infinity` for never. Changes nothing. */
  waitMs(key: string, cost: number, nowMs: number): number
  /** Takes `cost` after `waitMs` has answered 0. Absent where nothing is held, as for a gauge. */
  take?(key: string, cost: number, nowMs: number): void
  /** Gives `cost` back. Absent where nothing is given back, as for a rate. `heldMs` is how long it was held, if `timed`. */
  release?(key: string, cost: number, nowMs: number, heldMs: number, outcome: PermitOutcome): void
  /** Describes the state now. */
  usage(nowMs: number): LimitUsage
  /** Changes the limit as it runs; in effect at the next decision. Throws `RangeError` for a value out of range. */
  set?(changes: Readonly<Record<string, unknown>>): void
  /** Gets a function to call whenever room may have appeared by itself. Called once, by the capacity that owns the limit. */
  onRoom?(listener: () => void): void
  /** Stops timers. */
  [Symbol.dispose]?(): void
}
