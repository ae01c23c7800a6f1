import { isStale } from '../store/stale.ts'
import type { WindowFunction } from './series-query.ts'

/** Works out one function at each moment: a value from the samples after `moment − window` and up to `moment`, NaN from none. */
export interface WindowOptions {
  readonly fn: WindowFunction
  readonly windowMs: number
  readonly aheadMs: number
  /** Whose edges windows have. In 2 a sample exactly at a window's start counts, and a rising counter's start is guessed a little differently. Default 3. */
  readonly prometheus?: 2 | 3
}

/** Applies a window function to the samples of one series, exactly as Prometheus 3 does. */
export const overWindows = (times: Float64Array, values: Float64Array, moments: Float64Array, options: WindowOptions, withStale: boolean): Float64Array => {
  const { fn, windowMs, prometheus = 3 } = options
  const back = prometheus === 2 ? windowMs + 0.5 : windowMs // times are whole milliseconds
  const out = new Float64Array(moments.length)
  // The end of a series counts only for the value of the moment; ranges leave the mark out.
  const [ownTimes, ownValues] = withStale ? [times, values] : withoutStale(times, values)
  let low = 0
  let high = 0
  for (let m = 0; m < moments.length; m++) {
    const moment = moments[m]!
    while (high < ownTimes.length && ownTimes[high]! <= moment) high++
    while (low < high && ownTimes[low]! <= moment - back) low++
    out[m] = low === high ? Number.NaN : functions[fn](ownTimes, ownValues, low, high, moment, options)
  }
  return out
}

type Fold = (times: Float64Array, values: Float64Array, low: number, high: number, moment: number, options: WindowOptions) => number

const extrapolated = (isCounter: boolean, perSecond: boolean): Fold => (times, values, low, high, moment, { windowMs, prometheus = 3 }) => {
  if (high - low < 2) return Number.NaN
  let result = values[high - 1]! - values[low]!
  if (isCounter) for (let i = low + 1; i < high; i++) if (values[i]! < values[i - 1]!) result += values[i - 1]!
  const sampled = (times[high - 1]! - times[low]!) / 1000
  const average = sampled / (high - low - 1)
  let toStart = (times[low]! - (moment - windowMs)) / 1000
  let toEnd = (moment - times[high - 1]!) / 1000
  const threshold = average * 1.1
  // A counter cannot have been below nought: its line is not drawn back past where it would have been.
  const toZero = isCounter && result > 0 && values[low]! >= 0 ? sampled * (values[low]! / result) : Infinity
  if (prometheus === 2) toStart = Math.min(toStart, toZero)
  if (toStart >= threshold) toStart = average / 2
  toStart = Math.min(toStart, toZero)
  if (toEnd >= threshold) toEnd = average / 2
  return result * ((sampled + toStart + toEnd) / sampled / (perSecond ? windowMs / 1000 : 1))
}

const total = (values: Float64Array, low: number, high: number): number => {
  // Kahan's sum with Neumaier's correction, as Prometheus adds.
  let sum = 0
  let lost = 0
  for (let i = low; i < high; i++) {
    const value = values[i]!
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return Number.isFinite(sum) ? sum + lost : sum
}

const functions: Readonly<Record<WindowFunction, Fold>> = {
  last: (_, values, __, high) => values[high - 1]!,
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  avg: (_, values, low, high) => total(values, low, high) / (high - low),
  sum: (_, values, low, high) => total(values, low, high),
  count: (_, __, low, high) => high - low,
  min: (_, values, low, high) => {
    let least = values[low]!
    for (let i = low + 1; i < high; i++) if (values[i]! < least || Number.isNaN(least)) least = values[i]!
    return least
  },
  max: (_, values, low, high) => {
    let most = values[low]!
    for (let i = low + 1; i < high; i++) if (values[i]! > most || Number.isNaN(most)) most = values[i]!
    return most
  },
  // Least squares through the window, as predict_linear: time is measured from the moment.
  forecast: (times, values, low, high, moment, { aheadMs }) => {
    const count = high - low
    if (count < 2) return Number.NaN
    const x = (i: number) => (times[i]! - moment) / 1000
    let [sumX, sumY, sumXY, sumXX] = [0, 0, 0, 0]
    let constant = true
    for (let i = low; i < high; i++) {
      if (values[i] !== values[low]) constant = false
      sumX += x(i)
      sumY += values[i]!
      sumXY += x(i) * values[i]!
      sumXX += x(i) * x(i)
    }
    if (constant) return Number.isFinite(values[low]!) ? values[low]! : Number.NaN
    const slope = (sumXY - (sumX * sumY) / count) / (sumXX - (sumX * sumX) / count)
    return slope * (aheadMs / 1000) + (sumY / count - (slope * sumX) / count)
  },
}

const withoutStale = (times: Float64Array, values: Float64Array): readonly [Float64Array, Float64Array] => {
  let stale = 0
  for (let i = 0; i < values.length; i++) if (isStale(values, i)) stale++
  if (stale === 0) return [times, values]
  const keep = [...values.keys()].filter(i => !isStale(values, i))
  return [Float64Array.from(keep, i => times[i]!), Float64Array.from(keep, i => values[i]!)]
}
