/** A value that a source read. What it does not say, the monitor fills in. */
export interface SourceValue {
  /** Which signal of the model it belongs to. */
  readonly signal: string
  /** The value, in the signal's unit. */
  readonly value: number
  /** When it was measured, in epoch milliseconds. Default: when the read began. */
  readonly at?: number
  /** Who measured it. Default: the source's name. */
  readonly monitor?: string
}

/** What a source read of one member of a nested signal. */
export interface SourceMember {
  /** Which signal of the model it belongs to; that signal names the member's own model. */
  readonly signal: string
  /** Which member this is. */
  readonly monitor: string
  /** What was read of this member. */
  readonly readings: readonly SourceReading[]
}

/** What a source gives. */
export type SourceReading = SourceValue | SourceMember

/** Something that can be asked how it is. The readings of the last good read stay until they are stale. */
export interface HealthSource {
  /** Its name, unique within a monitor. */
  readonly name: string
  /** How long one read may take, in milliseconds, above 0. Default 5,000. */
  readonly timeoutMs?: number
  /**
   * Reads once. To throw or reject is to fail, which the monitor reports and survives. `signal` aborts when the
   * time is up or the monitor closes; until a read has settled, its source is not read again.
   */
  read(options: { readonly signal: AbortSignal }): readonly SourceReading[] | Promise<readonly SourceReading[]>
  /** Lets go of what the source holds. Called when its monitor closes. */
  [Symbol.asyncDispose]?(): PromiseLike<void>
}
