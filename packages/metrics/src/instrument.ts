import type { MetricFamily, Labels } from './metric-family.ts'

/** What every metric must say of itself. */
export interface InstrumentOptions<L extends string> {
  /** A legal Prometheus name: `snake_case`, its unit as a suffix, `_total` after a counter. */
  readonly name: string
  /** What it measures, in a sentence for the person who reads a dashboard. */
  readonly help: string
  /** The base unit, plural (`seconds`, `bytes`), or `'1'` for a plain number. */
  readonly unit: string
  /** The names of its labels. Default: none. */
  readonly labels?: readonly L[]
  /** How many series it may have, 1 or more. Default: the registry's. */
  readonly maxSeries?: number
}

/** The labels a metric takes: exactly those it was made with. */
export type LabelsOf<L extends string> = { readonly [name in L]: string }

/** What an instrument of any type can do with its series. */
export interface Instrument<L extends string> {
  /** The metric's name. */
  readonly name: string
  /** Forgets one series, for instance that of a bot which is gone; tells whether it was there. Handles bound to it record into nothing. */
  remove(labels: LabelsOf<L>): boolean
  /** Forgets every series. */
  clear(): void
}

/** The arguments of a recording: labels come first, where the metric has any. */
export type Recording<L extends string, Rest extends unknown[]> = [L] extends [never] ? Rest : [labels: LabelsOf<L>, ...rest: Rest]

/** The argument of `bind`: labels, where the metric has any. */
export type Binding<L extends string> = [L] extends [never] ? [] : [labels: LabelsOf<L>]

/** What the registry sees of an instrument. */
export interface RegisteredInstrument {
  readonly family: () => MetricFamily
  readonly overflowed: () => number
}

/** The cells of an instrument, by the hundred in one typed array, so that a bound handle is one addition. */
export const createCells = (perSeries: number): (() => { readonly cells: Float64Array; readonly at: number }) => {
  const size = Math.max(1, Math.floor(256 / perSeries)) * perSeries
  let cells = new Float64Array(perSeries)
  let at = 0
  let first = true
  return () => {
    if (!first && at + perSeries > cells.length) {
      cells = new Float64Array(size)
      at = 0
    }
    first = false
    const mine = { cells, at }
    at += perSeries
    return mine
  }
}

/** Label values with one more label, for the buckets of a histogram. */
export const withLabel = (labels: Labels, name: string, value: string): Labels => Object.freeze({ ...labels, [name]: value })
