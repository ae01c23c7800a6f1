import { counterBase, type MetricType } from './metric-family.ts'

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Turns any text into a legal metric name, as OpenTelemetry's Prometheus exporter does: what is illegal becomes `_`. */
export const legalMetricName = (name: string): string =>
  metricName.test(name) ? name : name.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=[^a-zA-Z_:])/, '_')

/** Turns any text into a legal label name: what is illegal becomes `_`. */
export const legalLabelName = (name: string): string =>
  labelName.test(name) ? name : name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=[^a-zA-Z_])/, '_')

/**
 * Checks a metric's name against the conventions of Prometheus and OpenMetrics: legal characters, its unit as a
 * suffix, `_total` after a counter and nowhere else.
 *
 * @throws TypeError that says which name was expected.
 */
export const checkMetricName = (name: string, type: MetricType, unit: string): void => {
  if (!metricName.test(name)) throw new TypeError(`A metric's name must match ${metricName}; got ${JSON.stringify(name)}.`)
  if (type !== 'counter' && name.endsWith('_total')) {
    throw new TypeError(`Only a counter's name may end in "_total"; "${name}" is a ${type}.`)
  }
  const base = counterBase(name)
  const expected = (unit === '1' || base.endsWith(`_${unit}`) ? base : `${base}_${unit}`) + (type === 'counter' ? '_total' : '')
  if (expected !== name) throw new TypeError(`The name of a ${type} in ${unit === '1' ? 'no unit' : unit} must be "${expected}"; got "${name}".`)
}

/** Checks label names, which must be legal, not reserved, and different from each other. @throws TypeError */
export const checkLabelNames = (names: readonly string[], reserved: readonly string[] = []): void => {
  for (const [i, name] of names.entries()) {
    if (!labelName.test(name) || name.startsWith('__')) {
      throw new TypeError(`A label's name must match ${labelName} and not begin with "__"; got ${JSON.stringify(name)}.`)
    }
    if (reserved.includes(name)) throw new TypeError(`The label "${name}" is reserved for this type of metric.`)
    if (names.indexOf(name) !== i) throw new TypeError(`The label "${name}" is named twice.`)
  }
}
