import type { Labels } from '../metric-family.ts'
import { seriesKey } from '../collect.ts'
import { histogramQuantile } from './histogram-quantile.ts'
import type { Aggregation, SeriesPoints, SeriesQuery } from './series-query.ts'

/** Groups and combines lines as the query says: aggregation, quantile, division are left to {@link divide}. */
export const combine = (lines: readonly SeriesPoints[], query: SeriesQuery, moments: number): readonly SeriesPoints[] => {
  const { aggregate, by, quantile } = query
  if (quantile !== undefined) {
    const summed = aggregate || by ? aggregated(lines, aggregate ?? 'sum', [...(by ?? []).filter(name => name !== 'le'), 'le'], moments) : lines
    return sorted(quantiles(summed, quantile, moments))
  }
  if (aggregate) return sorted(aggregated(lines, aggregate, by ?? [], moments))
  return sorted(query.fn === undefined || query.fn === 'last' ? lines : lines.map(({ labels, values }) => ({ labels: without(labels, '__name__'), values })))
}

/** Divides lines by the lines that have the same labels; the metrics' names are dropped, and lines without a partner go. */
export const divide = (above: readonly SeriesPoints[], below: readonly SeriesPoints[]): readonly SeriesPoints[] => {
  const partners = new Map(below.map(line => [seriesKey(without(line.labels, '__name__')), line.values]))
  return above.flatMap(line => {
    const labels = without(line.labels, '__name__')
    const values = partners.get(seriesKey(labels))
    return values ? [{ labels, values: line.values.map((value, i) => value / values[i]!) }] : []
  })
}

const sorted = (lines: readonly SeriesPoints[]): readonly SeriesPoints[] => {
  const keyed = lines.filter(line => line.values.some(value => !Number.isNaN(value))).map(line => ({ line, key: seriesKey(line.labels) }))
  return keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ line }) => line)
}

/** Labels without one of them. */
export const without = (labels: Labels, name: string): Labels => {
  if (!(name in labels)) return labels
  const { [name]: _, ...rest } = labels
  return rest
}

const aggregated = (lines: readonly SeriesPoints[], aggregation: Aggregation, by: readonly string[], moments: number): SeriesPoints[] => {
  const groups = new Map<string, { readonly labels: Labels; readonly values: Float64Array; readonly counts: Uint32Array }>()
  for (const line of lines) {
    const labels = Object.fromEntries(by.flatMap(name => (line.labels[name] ? [[name, line.labels[name]]] : [])))
    const key = seriesKey(labels)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { labels, values: new Float64Array(moments), counts: new Uint32Array(moments) }))
    const { values, counts } = group
    for (let m = 0; m < moments; m++) {
      const value = line.values[m]!
      if (Number.isNaN(value)) continue
      const count = counts[m] ?? 0
      const first = count === 0
      counts[m] = count + 1
      if (aggregation === 'min') values[m] = first ? value : Math.min(values[m]!, value)
      else if (aggregation === 'max') values[m] = first ? value : Math.max(values[m]!, value)
      else values[m]! += value
    }
  }
  return Array.from(groups.values(), ({ labels, values, counts }) => {
    for (let m = 0; m < moments; m++) {
      if (counts[m] === 0) values[m] = Number.NaN
      else if (aggregation === 'avg') values[m]! /= counts[m]!
      else if (aggregation === 'count') values[m] = counts[m]!
    }
    return { labels, values }
  })
}

const quantiles = (lines: readonly SeriesPoints[], quantile: number, moments: number): SeriesPoints[] => {
  const groups = new Map<string, { readonly labels: Labels; readonly buckets: { readonly border: number; readonly values: Float64Array }[] }>()
  for (const { labels, values } of lines) {
    const border = Number(labels['le']?.replace('Inf', 'Infinity') ?? Number.NaN)
    if (Number.isNaN(border)) continue
    const rest = without(without(labels, 'le'), '__name__')
    const key = seriesKey(rest)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { labels: rest, buckets: [] }))
    group.buckets.push({ border, values })
  }
  return Array.from(groups.values(), ({ labels, buckets }) => {
    buckets.sort((a, b) => a.border - b.border)
    const values = Float64Array.from({ length: moments }, (_, m) =>
      histogramQuantile(quantile, buckets.flatMap(({ border, values: counts }) => (Number.isNaN(counts[m]!) ? [] : [{ border, count: counts[m]! }]))))
    return { labels, values }
  })
}
