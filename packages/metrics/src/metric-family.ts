/** The names and values that tell one series of a metric from another. */
export type Labels = Readonly<Record<string, string>>

/** What a family measures, as OpenMetrics names it. Absent knowledge is `unknown`. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'info' | 'stateset' | 'unknown'

/** One traced observation that stands for many: it links a metric to a trace. */
export interface Exemplar {
  /** Usually `trace_id` and `span_id`; at most 128 characters of names and values in OpenMetrics. */
  readonly labels: Labels
  /** The observation itself, in the metric's unit. */
  readonly value: number
  /** When it was made, epoch milliseconds. */
  readonly timestamp?: number
}

/**
 * A histogram whose bucket borders are powers of `2^(2^-schema)`: Prometheus' native histogram and
 * OpenTelemetry's exponential histogram. Bucket `i` counts values in `(base^(i-1), base^i]`.
 */
export interface NativeHistogram {
  /** Resolution, −4 to 8: each step up halves the width of a bucket. */
  readonly schema: number
  /** Values with a magnitude up to this are counted as zero. */
  readonly zeroThreshold: number
  /** How many values were counted as zero. */
  readonly zeroCount: number
  /** How many values were observed. */
  readonly count: number
  /** What they add up to, in the metric's unit. */
  readonly sum: number
  /** Counts of positive values by bucket index; buckets that are absent are empty. */
  readonly positive: ReadonlyMap<number, number>
  /** Counts of negative values by the bucket index of their magnitude. */
  readonly negative: ReadonlyMap<number, number>
}

/** One value of one series at one moment. */
export interface MetricSample {
  /** Label names to values; the empty object for a metric without labels. */
  readonly labels: Labels
  /** The value, in the family's unit. */
  readonly value: number
  /** What follows the family's name: `_total`, `_bucket`, `_sum`, `_count`, `_created`, `_info`. Default: nothing. */
  readonly suffix?: string
  /** When it was measured, epoch milliseconds. Default: the moment of collection. */
  readonly timestamp?: number
  /** A traced observation that stands behind the value. */
  readonly exemplar?: Exemplar
  /** The whole distribution, for a native histogram; `value` is then its count. */
  readonly native?: NativeHistogram
}

/** All the series of one metric. */
export interface MetricFamily {
  /** The metric's name. A counter may be named with or without its `_total`. */
  readonly name: string
  /** What it measures, in a sentence. */
  readonly help: string
  /** What kind of metric it is. */
  readonly type: MetricType
  /** The base unit, plural: `seconds`, `bytes`. Default: none. */
  readonly unit?: string
  /** The values, each series' samples together and in the order they are to be written. */
  readonly samples: readonly MetricSample[]
}

/** Whatever can say its metrics now. A registry is one; so is any object with this one method. */
export interface MetricSource {
  /** Reads the present values. Called at each scrape, so it should take well under a millisecond. */
  collect(): Iterable<MetricFamily>
}

/** The whole name of a sample: the family's and the suffix, and `_total` for a counter that lacks it. */
export const sampleName = (family: Pick<MetricFamily, 'name' | 'type'>, suffix = ''): string => {
  const tail = suffix === '' || suffix.startsWith('_') ? suffix : `_${suffix}`
  if (family.type !== 'counter' || tail === '_created') return family.name + tail
  const base = counterBase(family.name)
  return tail === '' || tail === '_total' ? `${base}_total` : base + tail
}

/** A counter's name without its `_total`. */
export const counterBase = (name: string): string => (name.endsWith('_total') ? name.slice(0, -6) : name)
