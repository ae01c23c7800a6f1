import { toKedaMetrics } from '@hivekit/capacity'
import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { HiveLimits } from '../../hive/hive-capacity.ts'
import { problems } from '../schemas.ts'
import type { Api } from './api.ts'

const LimitReport = z.object({
  name: z.string(),
  kind: z.string(),
  unit: z.string(),
  used: z.number().nullable(),
  max: z.number().nullable().meta({ description: 'null: no bound.' }),
  headroom: z.number().nullable(),
  waiting: z.number().meta({ description: 'Work that waits because of it.' }),
  oldestWaitMs: z.number(),
  refusals: z.number(),
  fullInMs: z.number().nullable().meta({ description: 'When it will be full if it goes on as over the last minute.' }),
})

/** What the hive may use, what it uses, and what holds work back. */
export const CapacityReport = z.object({
  atMs: z.number(),
  limits: z.array(LimitReport),
  binding: z.string().nullable().meta({ description: 'The limit that holds work back.' }),
  queue: z.object({
    submitted: z.number(), done: z.number(), failed: z.number(), cancelled: z.number(), rejected: z.number(), queued: z.number(), running: z.number(),
    oldestWaitMs: z.number(), expectedWaitMs: z.number(), paused: z.boolean(),
  }),
}).meta({ id: 'CapacityReport' })

const Keda = z.object({
  queued: z.number(), running: z.number(), load: z.number(), oldestWaitSeconds: z.number(), expectedWaitSeconds: z.number(), utilisation: z.number(),
})

/** Capacity: the report, the numbers a scaler reads, and changing limits as the hive runs. */
export const capacityRoutes = (api: Api, hive: Hive) => {
  const report = () => {
    const { limits, ...rest } = hive.capacity()
    return { ...rest, limits: limits.map(limit => ({ ...limit, max: finite(limit.max), headroom: finite(limit.headroom) })) }
  }

  api.get('/api/capacity', { schema: { tags: ['capacity'], summary: 'Says what the hive may use, what it uses, and what holds work back.', response: { 200: CapacityReport, ...problems } } },
    async () => report())

  api.get('/api/capacity/keda', {
    schema: { tags: ['capacity'], summary: "The same for KEDA's metrics-api scaler: `valueLocation: load`.", response: { 200: Keda, ...problems } },
  }, async () => toKedaMetrics(hive.capacity()))

  api.patch('/api/capacity/limits', {
    schema: {
      tags: ['capacity'], summary: 'Changes limits at once. What runs already runs on. They are as configured again after a restart.',
      body: HiveLimits.partial(), response: { 200: CapacityReport, ...problems },
    },
  }, async ({ body }) => {
    hive.setLimits(body)
    return report()
  })
}

const finite = (value: number | null) => (value === null || Number.isFinite(value) ? value : null)
