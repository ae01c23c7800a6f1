import { createCells, type Binding, type Instrument, type InstrumentOptions, type LabelsOf, type Recording, type RegisteredInstrument } from './instrument.ts'
import type { Exemplar, Labels, MetricSample } from './metric-family.ts'
import { checkLabelNames, checkMetricName } from './metric-name.ts'
import { createSeriesTable } from './series-table.ts'

/** A count of one series that only goes up: one addition a call. */
export interface BoundCounter {
  /**
   * Adds to the count.
   *
   * @param value 0 or more. Default 1.
   * @param exemplar Labels that name the trace behind it.
   * @throws RangeError for a negative value or NaN.
   */
  inc(value?: number, exemplar?: Labels): void
  /** The count so far. */
  value(): number
}

/** Counts that only go up. */
export interface Counter<L extends string> extends Instrument<L> {
  /**
   * Adds to the count of the series with these labels.
   *
   * @throws RangeError for a negative value or NaN; TypeError for labels it does not have.
   */
  inc(...recording: Recording<L, [value?: number, exemplar?: Labels]>): void
  /** Looks up a series once; the handle then records without look-ups. */
  bind(...labels: Binding<L>): BoundCounter
}

/** Options of a counter. */
export interface CounterOptions<L extends string> extends InstrumentOptions<L> {}

export const createCounter = <L extends string>(
  options: CounterOptions<L> & { readonly maxSeries: number; readonly clock: () => number },
): Counter<L> & { readonly registered: RegisteredInstrument } => {
  const { name, help, unit, labels: labelNames = [], maxSeries, clock } = options
  checkMetricName(name, 'counter', unit)
  checkLabelNames(labelNames)
  const cell = createCells(1)

  const create = (labels: Labels): BoundCounter & { readonly sample: () => MetricSample } => {
    const { cells, at } = cell()
    let last: Exemplar | undefined
    return {
      inc: (value = 1, exemplar) => {
        if (!(value >= 0)) throw new RangeError(`The counter "${name}" takes a number from 0; got ${value}.`)
        cells[at]! += value
        if (exemplar !== undefined) last = { labels: exemplar, value, timestamp: clock() }
      },
      value: () => cells[at]!,
      sample: () => (last ? { labels, value: cells[at]!, exemplar: last } : { labels, value: cells[at]! }),
    }
  }
  const series = createSeriesTable({ metric: name, labelNames, maxSeries, create })
  const plain = labelNames.length === 0

  const inc = plain
    ? (value?: number, exemplar?: Labels) => series.find(undefined).inc(value, exemplar)
    : (labels: Labels, value?: number, exemplar?: Labels) => series.find(labels).inc(value, exemplar)

  return {
    name,
    inc: inc as Counter<L>['inc'],
    bind: (labels?: Labels) => series.find(labels),
    remove: (labels: LabelsOf<L>) => series.remove(labels),
    clear: series.clear,
    registered: {
      family: () => ({
        name,
        help,
        type: 'counter',
        ...(unit === '1' ? {} : { unit }),
        samples: Array.from(series.values(), s => s.sample()),
      }),
      overflowed: series.overflowed,
    },
  }
}
