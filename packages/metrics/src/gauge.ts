import { createCells, type Binding, type Instrument, type InstrumentOptions, type LabelsOf, type Recording, type RegisteredInstrument } from './instrument.ts'
import type { Labels, MetricSample } from './metric-family.ts'
import { checkLabelNames, checkMetricName } from './metric-name.ts'
import { createSeriesTable } from './series-table.ts'

/** A value of one series that goes up and down. */
export interface BoundGauge {
  /** Sets the value; NaN and the infinities are values too. */
  set(value: number): void
  /** Adds to the value. Default 1. */
  inc(value?: number): void
  /** Takes from the value. Default 1. */
  dec(value?: number): void
  /** The value now. */
  value(): number
}

/** Values that go up and down. */
export interface Gauge<L extends string> extends Instrument<L> {
  /** Sets the value of the series with these labels. @throws TypeError for labels it does not have. */
  set(...recording: Recording<L, [value: number]>): void
  /** Adds to the value. Default 1. @throws TypeError for labels it does not have. */
  inc(...recording: Recording<L, [value?: number]>): void
  /** Takes from the value. Default 1. @throws TypeError for labels it does not have. */
  dec(...recording: Recording<L, [value?: number]>): void
  /** Looks up a series once; the handle then records without look-ups. */
  bind(...labels: Binding<L>): BoundGauge
}

/** Options of a gauge. */
export interface GaugeOptions<L extends string> extends InstrumentOptions<L> {
  /** Called before each collection, to set what is only known when asked. What it throws is thrown by the collection. */
  readonly onCollect?: (gauge: Gauge<L>) => void
}

export const createGauge = <L extends string>(
  options: GaugeOptions<L> & { readonly maxSeries: number },
): Gauge<L> & { readonly registered: RegisteredInstrument } => {
  const { name, help, unit, labels: labelNames = [], maxSeries, onCollect } = options
  checkMetricName(name, 'gauge', unit)
  checkLabelNames(labelNames)
  const cell = createCells(1)

  const create = (labels: Labels): BoundGauge & { readonly sample: () => MetricSample } => {
    const { cells, at } = cell()
    return {
      set: value => {
        cells[at] = value
      },
      inc: (value = 1) => {
        cells[at]! += value
      },
      dec: (value = 1) => {
        cells[at]! -= value
      },
      value: () => cells[at]!,
      sample: () => ({ labels, value: cells[at]! }),
    }
  }
  const series = createSeriesTable({ metric: name, labelNames, maxSeries, create })
  const plain = labelNames.length === 0
  const record = (method: 'set' | 'inc' | 'dec') =>
    plain
      ? (value?: number) => series.find(undefined)[method](value as number)
      : (labels: Labels, value?: number) => series.find(labels)[method](value as number)

  const gauge: Gauge<L> & { readonly registered: RegisteredInstrument } = {
    name,
    set: record('set') as Gauge<L>['set'],
    inc: record('inc') as Gauge<L>['inc'],
    dec: record('dec') as Gauge<L>['dec'],
    bind: (labels?: Labels) => series.find(labels),
    remove: (labels: LabelsOf<L>) => series.remove(labels),
    clear: series.clear,
    registered: {
      family: () => {
        onCollect?.(gauge)
        return {
          name,
          help,
          type: 'gauge',
          ...(unit === '1' ? {} : { unit }),
          samples: Array.from(series.values(), s => s.sample()),
        }
      },
      overflowed: series.overflowed,
    },
  }
  return gauge
}
