import { fail, ok } from '@hivekit/errors'
import { ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type PushMetricExporter, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { MetricSink } from '../export/metric-sink.ts'
import { counterBase, sampleName, type Labels, type MetricFamily } from '../metric-family.ts'
import { seriesKey } from '../collect.ts'
import { classicSamples } from '../native-histogram.ts'

/** Options of {@link createOtlpSink}. */
export interface OtlpOptions {
  /** An OpenTelemetry exporter, for instance `new OTLPMetricExporter({ url })` of `@opentelemetry/exporter-metrics-otlp-proto`. */
  readonly exporter: Pick<PushMetricExporter, 'export'>
  /** Who measures: `resourceFromAttributes({ 'service.name': 'hive' })` of `@opentelemetry/resources`. */
  readonly resource: ResourceMetrics['resource']
  /** Since when counters count, epoch milliseconds. Default: the start of this process. */
  readonly startedAt?: number
}

/**
 * Pushes by OTLP, over HTTP or gRPC, protobuf or JSON: whatever the OpenTelemetry exporter does that it is given.
 * A success of the exporter counts as taking all samples.
 */
export const createOtlpSink = ({ exporter, resource, startedAt = performance.timeOrigin }: OtlpOptions): MetricSink => ({
  encode: (families, at) => {
    const all = Array.from(families, family => ({ ...family, samples: family.samples.flatMap(s => (s.native ? classicSamples(s.labels, s.native, s.timestamp) : s)) }))
    const samples = all.reduce((sum, family) => sum + family.samples.length, 0)
    return samples === 0 ? [] : [{ body: JSON.stringify({ at, families: all }), samples }]
  },
  send: ({ body, samples }) => new Promise(resolve => {
    const { at, families } = JSON.parse(body) as { readonly at: number; readonly families: readonly MetricFamily[] }
    const metrics = families.flatMap(family => metricsOf(family, timeOf(startedAt), timeOf(at)))
    exporter.export({ resource, scopeMetrics: [{ scope: { name: '@hivekit/metrics' }, metrics }] }, ({ code, error }) => {
      const succeeded: number = 0 // ExportResultCode.SUCCESS of @opentelemetry/core
      resolve(succeeded === (code as number) ? ok(samples) : fail('unavailable', 'The OpenTelemetry exporter failed.', { cause: error }))
    })
  }),
})

type Metric = ResourceMetrics['scopeMetrics'][number]['metrics'][number]
type Time = [seconds: number, nanoseconds: number]

const timeOf = (ms: number): Time => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)]
const unitsOf: Readonly<Record<string, string>> = { seconds: 's', bytes: 'By' }

const metricsOf = (family: MetricFamily, startTime: Time, endTime: Time): Metric[] => {
  const describe = (name: string) => ({ name, description: family.help, unit: unitsOf[family.unit ?? ''] ?? family.unit ?? '', valueType: ValueType.DOUBLE })
  const finite = family.samples.filter(sample => typeof sample.value === 'number')
  if (family.type === 'histogram') {
    return [{ descriptor: describe(family.name), aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(family, startTime, endTime) }]
  }
  const points = (samples: typeof finite) => samples.map(({ labels, value }) => ({ startTime, endTime, attributes: labels, value }))
  if (family.type === 'counter') {
    return [{ descriptor: describe(counterBase(family.name)), aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(finite) }]
  }
  return [...Map.groupBy(finite, sample => sampleName(family, sample.suffix))].map(([name, samples]) =>
    ({ descriptor: describe(name), aggregationTemporality: AggregationTemporality.CUMULATIVE, dataPointType: DataPointType.GAUGE, dataPoints: points(samples) }))
}

const histogramPoints = (family: MetricFamily, startTime: Time, endTime: Time) => {
  const groups = new Map<string, { labels: Labels; borders: number[]; totals: number[]; sum: number; count: number }>()
  for (const { labels, value, suffix } of family.samples) {
    const { le, ...rest } = labels
    const key = seriesKey(rest)
    let group = groups.get(key)
    if (!group) groups.set(key, (group = { labels: rest, borders: [], totals: [], sum: 0, count: 0 }))
    if (suffix === '_sum') group.sum = value
    else if (suffix === '_count') group.count = value
    else if (le !== undefined) {
      group.totals.push(value)
      if (le !== '+Inf') group.borders.push(Number(le))
    }
  }
  return Array.from(groups.values(), ({ labels, borders, totals, sum, count }) => ({
    startTime, endTime, attributes: labels,
    value: { buckets: { boundaries: borders, counts: totals.map((total, i) => total - (totals[i - 1] ?? 0)) }, sum, count },
  }))
}
