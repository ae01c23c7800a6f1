import { createCounter, type Counter, type CounterOptions } from './counter.ts'
import { createGauge, type Gauge, type GaugeOptions } from './gauge.ts'
import { createHistogram, type Histogram, type HistogramOptions } from './histogram.ts'
import type { RegisteredInstrument } from './instrument.ts'
import type { MetricFamily, MetricSource } from './metric-family.ts'

/** Options of {@link createRegistry}. */
export interface RegistryOptions {
  /** How many series a metric may have before the rest go to its overflow series, 1 or more. Default 2000, as OpenTelemetry. */
  readonly maxSeriesPerMetric?: number
  /** Epoch milliseconds, for exemplars. Default `Date.now`. */
  readonly clock?: () => number
}

/** Where a program's metrics are made and read. */
export interface Registry extends MetricSource {
  /** Makes a counter. @throws TypeError when the name is taken or breaks the conventions. */
  counter<const L extends string = never>(options: CounterOptions<L>): Counter<L>
  /** Makes a gauge. @throws TypeError when the name is taken or breaks the conventions. */
  gauge<const L extends string = never>(options: GaugeOptions<L>): Gauge<L>
  /** Makes a histogram with fixed borders. @throws TypeError when the name is taken or breaks the conventions. */
  histogram<const L extends string = never>(options: HistogramOptions<L>): Histogram<L>
  /** Reads every metric, in the order they were made. About 0.1 µs a sample. */
  collect(): readonly MetricFamily[]
}

/** The counter of what went over a metric's cardinality limit. */
export const overflowMetric = 'metrics_series_overflow_total'

/**
 * Makes a registry: the place where metrics are declared, recorded and read.
 *
 * @example
 * ```ts
 * import { createRegistry } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * const requests = registry.counter({ name: 'requests_total', help: 'Requests served.', unit: '1', labels: ['route'] })
 * requests.inc({ route: '/' })
 * const home = requests.bind({ route: '/' }) // for hot paths
 * home.inc()
 * home.value() // 2
 * ```
 */
export const createRegistry = (options: RegistryOptions = {}): Registry => {
  const { maxSeriesPerMetric = 2000, clock = Date.now } = options
  checkLimit(maxSeriesPerMetric)
  const instruments = new Map<string, RegisteredInstrument>()

  const register = <I extends { readonly name: string; readonly registered: RegisteredInstrument }>(instrument: I): I => {
    const { name, registered } = instrument
    if (instruments.has(name) || name === overflowMetric) throw new TypeError(`The metric "${name}" is made already.`)
    instruments.set(name, registered)
    return instrument
  }
  const complete = <O extends { readonly name: string; readonly help: string; readonly maxSeries?: number }>(given: O) => {
    if (given.help.trim() === '') throw new TypeError(`The metric "${given.name}" needs a help text.`)
    const maxSeries = given.maxSeries ?? maxSeriesPerMetric
    checkLimit(maxSeries)
    return { ...given, maxSeries, clock }
  }

  return {
    counter: given => register(createCounter(complete(given))),
    gauge: given => register(createGauge(complete(given))),
    histogram: given => register(createHistogram(complete(given))),
    collect: () => {
      const families = Array.from(instruments.values(), one => one.family())
      const overflowed = [...instruments].filter(([, one]) => one.overflowed() > 0)
      if (overflowed.length > 0) {
        families.push({
          name: overflowMetric,
          help: 'Recordings that went to the overflow series of a metric at its cardinality limit.',
          type: 'counter',
          samples: overflowed.map(([metric, one]) => ({ labels: { metric }, value: one.overflowed() })),
        })
      }
      return families
    },
  }
}

const checkLimit = (limit: number) => {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`A limit of series must be a whole number from 1; got ${limit}.`)
}
