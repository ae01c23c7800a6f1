/** A set of metrics that a registry can read; `@hivekit/metrics` takes any object of this shape. */
export interface MetricSource {
  /** The families as they are now. */
  readonly collect: () => Iterable<MetricFamily>
}

/** One metric with all its label sets, as OpenMetrics has it. */
export interface MetricFamily {
  /** The name, without a suffix. */
  readonly name: string
  /** One sentence about it. */
  readonly help: string
  /** What its samples are. */
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The unit, in the plural, which the name ends in. */
  readonly unit?: string
  /** One number for each label set. */
  readonly samples: readonly MetricSample[]
}

/** One number. */
export interface MetricSample {
  /** The labels. */
  readonly labels: Readonly<Record<string, string>>
  /** The number. */
  readonly value: number
  /** What is added to the family's name: `_total`, `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string
}
