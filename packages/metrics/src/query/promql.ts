import { parseSelector, selectorText } from './selector.ts'
import { windowOf, type SeriesQuery } from './series-query.ts'

/**
 * Writes a query as PromQL, so that Prometheus, VictoriaMetrics, Mimir or Grafana asks the same.
 *
 * @param stepMs The step the query will be asked with: the default of its window.
 *
 * @example
 * ```ts
 * import { toPromQL } from '@hivekit/metrics'
 *
 * toPromQL({ match: 'requests_total{code="500"}', fn: 'rate', windowMs: 300_000, aggregate: 'sum', by: ['route'] })
 * // 'sum by (route) (rate(requests_total{code="500"}[5m]))'
 * ```
 */
export const toPromQL = (query: SeriesQuery, stepMs = 60_000): string => {
  const { fn = 'last', windowMs, aggregate, by = [], quantile, per, aheadMs = 0 } = query
  const selector = selectorText(parseSelector(query.match))
  const range = `${selector}[${durationText(windowOf(query, stepMs))}]`
  const plain = fn === 'last' ? (windowMs === undefined ? selector : `last_over_time(${range})`)
    : fn === 'forecast' ? `predict_linear(${range}, ${aheadMs / 1000})`
    : fn === 'rate' || fn === 'increase' || fn === 'delta' ? `${fn}(${range})`
    : `${fn}_over_time(${range})`
  const group = quantile === undefined ? by : [...by.filter(name => name !== 'le'), 'le']
  const grouped = aggregate || (quantile !== undefined && query.by)
    ? `${aggregate ?? 'sum'}${group.length > 0 ? ` by (${group.join(', ')}) ` : ''}(${plain})` : plain
  const whole = quantile === undefined ? grouped : `histogram_quantile(${quantile}, ${grouped})`
  return per ? `${whole} / ${per.per ? `(${toPromQL(per, stepMs)})` : toPromQL(per, stepMs)}` : whole
}

const unitsMs = [['w', 604_800_000], ['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000], ['ms', 1]] as const

/** Writes a duration as Prometheus does: `90000` is `1m30s`. Fractions of a millisecond are dropped. */
export const durationText = (durationMs: number): string => {
  let rest = Math.floor(durationMs)
  if (rest === 0) return '0s'
  let text = ''
  for (const [unit, size] of unitsMs) {
    if ((unit === 'w' || unit === 'd') && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
    if (rest === 0) break
  }
  return text
}
