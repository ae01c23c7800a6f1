import { createCells, withLabel, type Binding, type Instrument, type InstrumentOptions, type LabelsOf, type Recording, type RegisteredInstrument } from './instrument.ts'
import { createBucketFinder } from './bucket-finder.ts'
import type { Exemplar, Labels, MetricSample } from './metric-family.ts'
import { checkLabelNames, checkMetricName } from './metric-name.ts'
import { createSeriesTable } from './series-table.ts'

/** A distribution of one series. */
export interface BoundHistogram {
  /**
   * Counts one value.
   *
   * @param value In the metric's unit.
   * @param exemplar Labels that name the trace behind it; the last one of each bucket is kept.
   * @throws RangeError for NaN.
   */
  observe(value: number, exemplar?: Labels): void
  /** Starts a stopwatch; the function it answers observes the seconds since and answers them. For metrics in seconds. */
  startTimer(): () => number
}

/** Distributions: how many values fell below each border, and what they add up to. */
export interface Histogram<L extends string> extends Instrument<L> {
  /**
   * Counts one value in the series with these labels.
   *
   * @throws RangeError for NaN; TypeError for labels it does not have.
   */
  observe(...recording: Recording<L, [value: number, exemplar?: Labels]>): void
  /** Looks up a series once; the handle then records without look-ups. */
  bind(...labels: Binding<L>): BoundHistogram
}

/** Options of a classic histogram. */
export interface HistogramOptions<L extends string> extends InstrumentOptions<L> {
  /** The upper borders of the buckets, rising, without +Inf. Default {@link defaultBuckets}. */
  readonly buckets?: readonly number[]
}

/** Borders for seconds, from 5 ms to 10 s: those that every Prometheus client has by default. */
export const defaultBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Makes borders that grow by a factor.
 *
 * @param start The first border, above 0.
 * @param factor How many times the next border is the one before it, above 1.
 * @param count How many borders, 1 or more.
 */
export const exponentialBuckets = (start: number, factor: number, count: number): readonly number[] => {
  if (!(start > 0) || !(factor > 1) || !Number.isInteger(count) || count < 1) {
    throw new RangeError(`Expected start > 0, factor > 1 and a whole count from 1; got ${start}, ${factor}, ${count}.`)
  }
  return Array.from({ length: count }, (_, i) => Number((start * factor ** i).toPrecision(12)))
}

/** How Prometheus clients write a border: whole numbers with `.0` too are the same bucket, so the short form is used. */
export const borderText = (border: number): string => (border === Infinity ? '+Inf' : String(border))

export const createHistogram = <L extends string>(
  options: HistogramOptions<L> & { readonly maxSeries: number; readonly clock: () => number },
): Histogram<L> & { readonly registered: RegisteredInstrument } => {
  const { name, help, unit, labels: labelNames = [], maxSeries, clock, buckets = defaultBuckets } = options
  checkMetricName(name, 'histogram', unit)
  checkLabelNames(labelNames, ['le'])
  const borders = Float64Array.from(buckets)
  if (borders.length === 0 || borders.some((b, i) => !Number.isFinite(b) || (i > 0 && !(b > borders[i - 1]!)))) {
    throw new RangeError(`The borders of "${name}" must be finite and rise; got ${buckets.join(', ')}.`)
  }
  const bucketOf = createBucketFinder(borders)
  const count = borders.length
  const sumAt = count + 1
  const cell = createCells(count + 2)

  const create = (labels: Labels) => {
    const { cells, at } = cell()
    let exemplars: (Exemplar | undefined)[] | undefined
    let bucketLabels: readonly Labels[] | undefined

    const observe = (value: number, exemplar?: Labels) => {
      const i = bucketOf(value)
      if (i < 0) throw new RangeError(`The histogram "${name}" takes a number; got ${value}.`)
      cells[at + i]! += 1
      cells[at + sumAt]! += value
      if (exemplar !== undefined) (exemplars ??= [])[i] = { labels: exemplar, value, timestamp: clock() }
    }

    const write = (into: MetricSample[]) => {
      bucketLabels ??= [...borders, Infinity].map(border => withLabel(labels, 'le', borderText(border)))
      let total = 0
      for (let i = 0; i <= count; i++) {
        total += cells[at + i]!
        const exemplar = exemplars?.[i]
        into.push(exemplar
          ? { labels: bucketLabels[i]!, value: total, suffix: '_bucket', exemplar }
          : { labels: bucketLabels[i]!, value: total, suffix: '_bucket' })
      }
      into.push({ labels, value: cells[at + sumAt]!, suffix: '_sum' }, { labels, value: total, suffix: '_count' })
    }
    return { observe, startTimer: () => startTimer(observe), write }
  }
  const series = createSeriesTable({ metric: name, labelNames, maxSeries, create })
  const observe = labelNames.length === 0
    ? (value: number, exemplar?: Labels) => series.find(undefined).observe(value, exemplar)
    : (labels: Labels, value: number, exemplar?: Labels) => series.find(labels).observe(value, exemplar)

  return {
    name,
    observe: observe as Histogram<L>['observe'],
    bind: (labels?: Labels) => series.find(labels),
    remove: (labels: LabelsOf<L>) => series.remove(labels),
    clear: series.clear,
    registered: {
      family: () => {
        const samples: MetricSample[] = []
        for (const one of series.values()) one.write(samples)
        return { name, help, type: 'histogram', ...(unit === '1' ? {} : { unit }), samples }
      },
      overflowed: series.overflowed,
    },
  }
}

/** Measures with the monotonic clock from this call to that of the answered function, which observes and answers seconds. */
export const startTimer = (observe: (seconds: number) => void): (() => number) => {
  const start = performance.now()
  return () => {
    const seconds = (performance.now() - start) / 1000
    observe(seconds)
    return seconds
  }
}
