import { counterBase, sampleName, type Exemplar, type Labels, type MetricFamily, type MetricSample } from './metric-family.ts'
import { legalLabelName, legalMetricName } from './metric-name.ts'
import { classicSamples } from './native-histogram.ts'

/**
 * Writes families in Prometheus' text format 0.0.4. A native histogram becomes classic buckets, for the format has none.
 *
 * @example
 * ```ts
 * import { createRegistry, toPrometheusText } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * registry.gauge({ name: 'bots', help: 'Bots running.', unit: '1' }).set(3)
 * toPrometheusText(registry.collect()) // '# HELP bots Bots running.\n# TYPE bots gauge\nbots 3\n'
 * ```
 */
export const toPrometheusText = (families: Iterable<MetricFamily>): string => {
  let text = ''
  for (const family of families) {
    const name = legalMetricName(sampleName(family, family.type === 'info' ? '_info' : ''))
    text += `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${textTypes[family.type]}\n`
    text += samplesText(family, plainLabels, '')
  }
  return text
}

/**
 * Writes families in OpenMetrics 1.0, with units and exemplars. Timestamps are written in seconds.
 *
 * @example
 * ```ts
 * import { createRegistry, toOpenMetrics } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * registry.counter({ name: 'crashes_total', help: 'Crashes.', unit: '1' }).inc()
 * toOpenMetrics(registry.collect()).split('\n')[2] // 'crashes_total 1'
 * ```
 */
export const toOpenMetrics = (families: Iterable<MetricFamily>): string => {
  let text = ''
  for (const family of families) {
    const name = legalMetricName(family.type === 'counter' ? counterBase(family.name) : family.name)
    text += `# TYPE ${name} ${family.type}\n`
    if (family.unit && name.endsWith(`_${family.unit}`)) text += `# UNIT ${name} ${family.unit}\n`
    text += `# HELP ${name} ${escapeHelp(family.help).replaceAll('"', '\\"')}\n`
    text += samplesText(family, openLabels, 'openmetrics')
  }
  return `${text}# EOF\n`
}

const textTypes = {
  counter: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary', info: 'gauge', stateset: 'gauge', unknown: 'untyped',
} as const

const samplesText = (family: MetricFamily, labelsText: (labels: Labels) => string, format: '' | 'openmetrics'): string => {
  let text = ''
  let suffix: string | undefined
  let name = ''
  const samples = family.type === 'histogram' ? expanded(family.samples) : family.samples
  for (const sample of samples) {
    if (name === '' || sample.suffix !== suffix) {
      suffix = sample.suffix
      name = legalMetricName(sampleName(family, suffix ?? (family.type === 'info' ? '_info' : '')))
    }
    text += `${name}${labelsText(sample.labels)} ${numberText(sample.value)}`
    if (sample.timestamp !== undefined) text += format ? ` ${sample.timestamp / 1000}` : ` ${Math.round(sample.timestamp)}`
    if (format && sample.exemplar && (suffix === '_bucket' || family.type === 'counter')) text += exemplarText(sample.exemplar)
    text += '\n'
  }
  return text
}

const expanded = (samples: readonly MetricSample[]): readonly MetricSample[] =>
  samples.some(s => s.native) ? samples.flatMap(s => (s.native ? classicSamples(s.labels, s.native, s.timestamp) : s)) : samples

/** A number as Go reads it. */
export const numberText = (value: number): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : Object.is(value, -0) ? '-0' : String(value)

const escapeHelp = (help: string): string => help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeValue = (value: string): string =>
  /[\\\n"]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : value

const renderLabels = (labels: Labels, border: (text: string) => string): string => {
  const names = Object.keys(labels)
  if (names.length === 0) return ''
  const pairs = names.map(name => {
    const value = String(labels[name])
    return `${legalLabelName(name)}="${escapeValue(name === 'le' || name === 'quantile' ? border(value) : value)}"`
  })
  return `{${pairs.join(',')}}`
}

/** The text of a label object is kept as long as the object is: a registry's series keep theirs, so a scrape only joins texts. */
const remembering = (render: (labels: Labels) => string) => {
  const texts = new WeakMap<Labels, string>()
  return (labels: Labels): string => {
    let text = texts.get(labels)
    if (text === undefined) texts.set(labels, (text = render(labels)))
    return text
  }
}
const plainLabels = remembering(labels => renderLabels(labels, text => text))
// OpenMetrics wants its borders as canonical floats: 1.0, not 1.
const openLabels = remembering(labels => renderLabels(labels, text => (/^-?\d+$/.test(text) ? `${text}.0` : text)))

const exemplarText = ({ labels, value, timestamp }: Exemplar): string => {
  const length = Object.entries(labels).reduce((sum, [name, text]) => sum + Array.from(name).length + Array.from(text).length, 0)
  if (length > 128) return ''
  return ` # ${renderLabels(labels, text => text) || '{}'} ${numberText(value)}${timestamp === undefined ? '' : ` ${timestamp / 1000}`}`
}
