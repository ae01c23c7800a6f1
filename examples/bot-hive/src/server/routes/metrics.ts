import { HiveError } from '@hivekit/errors'
import { hiveDashboard, toGrafana, toGrafanaV2, toPerses, type Dashboard, type RangeQuery } from '@hivekit/metrics'
import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { unwrap } from '../problems.ts'
import { listOf, problems } from '../schemas.ts'
import type { Api } from './api.ts'

const epochMs = z.coerce.number().min(0).max(8.64e15)
const MetricQuery = z.strictObject({
  match: z.string().min(1).max(1000).meta({ description: 'A PromQL selector: `hive_messages_total{bot="keeper"}`.' }),
  fn: z.enum(['last', 'rate', 'increase', 'delta', 'avg', 'min', 'max', 'sum', 'count', 'forecast']).optional().meta({ description: 'What is made of each window. Default last.' }),
  windowMs: z.coerce.number().positive().optional().meta({ description: 'How far back each moment looks.' }),
  aheadMs: z.coerce.number().optional().meta({ description: 'How far ahead forecast looks.' }),
  aggregate: z.enum(['sum', 'avg', 'min', 'max', 'count']).optional().meta({ description: 'How series become one.' }),
  by: z.string().max(1000).optional().meta({ description: 'Labels that stay apart, with commas.' }),
  quantile: z.coerce.number().min(0).max(1).optional().meta({ description: 'A quantile of a histogram, whose `_bucket` series are matched.' }),
  from: epochMs.optional().meta({ description: 'Epoch milliseconds. Default: an hour before `to`.' }),
  to: epochMs.optional().meta({ description: 'Epoch milliseconds. Default: now.' }),
  stepMs: z.coerce.number().positive().optional().meta({ description: 'From one moment to the next. Default: 300 moments, at least 10 s apart.' }),
  resolution: z.enum(['auto', 'raw', '5m', '1h']).optional(),
})

const labels = z.record(z.string(), z.string())
const MetricAnswer = z.object({
  times: z.array(z.number()).meta({ description: 'The moments, epoch milliseconds.' }),
  series: z.array(z.object({
    labels, values: z.array(z.number().nullable()).meta({ description: 'A value at each moment; null where there is none.' }),
  })),
  resolutionMs: z.number().meta({ description: '0 for samples, else the length of the buckets that were read.' }),
  problems: z.array(z.string()).meta({ description: 'What could not be read.' }),
}).meta({ id: 'MetricAnswer' })

const Alert = z.object({
  alert: z.string(), severity: z.enum(['info', 'warning', 'critical']), state: z.enum(['pending', 'firing', 'resolved']), labels,
  value: z.number().nullable(), activeAt: z.number(), firedAt: z.number().optional(), resolvedAt: z.number().optional(),
  summary: z.string(), description: z.string().optional(),
  muted: z.enum(['silenced', 'inhibited']).optional().meta({ description: 'Why nobody is told.' }),
}).meta({ id: 'Alert' })

const DashboardEntry = z.object({ name: z.string(), title: z.string(), description: z.string().optional() })
const document = z.record(z.string(), z.unknown())
const formats = { hivekit: (dashboard: Dashboard) => dashboard, grafana: toGrafana, 'grafana-v2': toGrafanaV2, perses: toPerses }
const dashboards = [hiveDashboard()]

/** History: what figures were, the dashboards that draw them, and the alerts that watch them. */
export const metricRoutes = (api: Api, hive: Hive) => {
  api.get('/api/metrics/query', {
    schema: { tags: ['metrics'], summary: 'Says what figures were over a stretch of time.', querystring: MetricQuery, response: { 200: MetricAnswer, ...problems } },
  }, async ({ query, signal }) => {
    const { times, series, ...rest } = unwrap(await hive.history.query(rangeOf(query), signal))
    return {
      ...rest, problems: [...rest.problems], times: [...times],
      series: series.map(one => ({ labels: one.labels, values: Array.from(one.values, finite) })),
    }
  })

  api.get('/api/alerts', {
    schema: { tags: ['metrics'], summary: 'Lists the alerts that are pending, firing or lately resolved.', response: { 200: listOf(Alert), ...problems } },
  }, async () => ({ items: hive.history.alerts().map(alert => ({ ...alert, value: finite(alert.value) })) }))

  api.get('/api/dashboards', { schema: { tags: ['metrics'], summary: 'Lists the dashboards.', response: { 200: listOf(DashboardEntry), ...problems } } },
    async () => ({ items: dashboards }))

  for (const dashboard of dashboards) {
    api.get(`/api/dashboards/${dashboard.name}`, {
      schema: { tags: ['metrics'], summary: `The definition of "${dashboard.title}".`, response: { 200: document, ...problems } },
    }, async () => dashboard)

    api.get(`/api/dashboards/${dashboard.name}.json`, {
      schema: {
        tags: ['metrics'], summary: `"${dashboard.title}", to import into Grafana or Perses.`,
        querystring: z.strictObject({ format: z.enum(['hivekit', 'grafana', 'grafana-v2', 'perses']).default('hivekit') }), response: { 200: document, ...problems },
      },
    }, async ({ query: { format } }) => ({ ...formats[format](dashboard) }))
  }
}

const rangeOf = ({ by, to = Date.now(), from = Math.max(0, to - 3_600_000), stepMs = Math.max(10_000, (to - from) / 300), ...query }: z.infer<typeof MetricQuery>): RangeQuery => {
  if (from > to) throw new HiveError('invalid_argument', `from must not be after to, got ${from} and ${to}.`)
  const asked = { ...query, from, to, stepMs, ...(by === undefined ? {} : { by: by.split(',').map(label => label.trim()).filter(Boolean) }) }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as unknown as RangeQuery
}

const finite = (value: number) => (Number.isFinite(value) ? value : null)
