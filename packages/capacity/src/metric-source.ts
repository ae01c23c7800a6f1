/** One reading of a metric. */
export interface MetricSample {
  /** Label values by label names. */
  readonly labels: Readonly<Record<string, string>>
  /** The reading. */
  readonly value: number
  /** Appended to the name of the family, as histograms need it. */
  readonly suffix?: string
}

/** All readings of one name. */
export interface MetricFamily {
  /** The name, without a unit or `_total`. */
  readonly name: string
  /** What it tells, in a sentence. */
  readonly help: string
  /** How it moves. */
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** The unit of `value`, such as `seconds` or `bytes`. */
  readonly unit?: string
  /** The readings now. */
  readonly samples: readonly MetricSample[]
}

/** Whatever has metrics to give: an exporter asks it when it is scraped. */
export interface MetricSource {
  /** Reads everything now. */
  collect(): Iterable<MetricFamily>
}
