import { toHealthJson } from '@hivekit/health-score'
import { z } from 'zod'
import packageJson from '../../../package.json' with { type: 'json' }
import { hiveModes } from '../../hive/hive-modes.ts'
import type { Hive } from '../../hive/hive.ts'
import { plainText, problems } from '../schemas.ts'
import type { Api } from './api.ts'

const Mode = z.object({
  mode: z.string(),
  off: z.array(z.string()).meta({ description: 'What is switched off.' }),
  since: z.number().nullable(),
  causes: z.array(z.object({ name: z.string(), mode: z.string(), since: z.number() })),
  override: z.object({ mode: z.string(), until: z.number(), by: z.string(), reason: z.string() }).nullable(),
  doubtedSince: z.number().nullable().meta({ description: 'Since when every signal has been failing at once, so that nothing is done about it.' }),
  reason: z.string(),
}).meta({ id: 'HiveMode' })

/** How the hive is, why, and where that is going. */
export const HealthReport = z.object({
  ready: z.boolean().meta({ description: 'Whether messages can be stored. A low score alone does not make a hive unready.' }),
  score: z.number().nullable().meta({ description: '0 to 100; null while nothing is known.' }),
  grade: z.enum(['healthy', 'degraded', 'unhealthy', 'critical', 'unknown']),
  confidence: z.number().meta({ description: 'How much of what the score asks about is known, 0 to 1.' }),
  at: z.number(),
  contributions: z.array(z.object({ kind: z.enum(['signal', 'gate']), signal: z.string(), label: z.string(), points: z.number() }))
    .meta({ description: 'Where the missing points went, dearest first.' }),
  gate: z.string().nullable().meta({ description: 'What caps the score.' }),
  why: z.array(z.string()).meta({ description: 'The score in sentences.' }),
  signals: z.array(z.object({ signal: z.string(), label: z.string(), unit: z.string(), value: z.number().nullable(), share: z.number(), points: z.number() })),
  bots: z.object({ ready: z.number(), expected: z.number() }),
  trend: z.object({
    points: z.number(), level: z.number().nullable(), direction: z.enum(['rising', 'falling', 'steady']), slopePerHour: z.number(),
    shift: z.object({ direction: z.enum(['up', 'down']), at: z.number(), before: z.number(), after: z.number() }).nullable(),
    criticalIn: z.object({ ms: z.number(), earliestMs: z.number(), latestMs: z.number().nullable() }).nullable()
      .meta({ description: 'When the score will be critical, if it goes on like this.' }),
  }),
  mode: Mode,
  alerts: z.array(z.object({ rule: z.string(), severity: z.enum(['info', 'warning', 'critical']), since: z.number(), flapping: z.boolean() })),
}).meta({ id: 'HealthReport' })
export type HealthReport = z.infer<typeof HealthReport>

const healthJson = 'application/health+json'

/** Health: the score and its reasons, and the mode. */
export const healthRoutes = (api: Api, hive: Hive) => {
  api.get('/api/health', {
    schema: {
      tags: ['health'],
      summary: `Says how the hive is, why, and where that is going; 503 only while messages cannot be stored. Accepting \`${healthJson}\` gets the draft standard's shape.`,
      response: { 200: HealthReport, 503: HealthReport, ...problems },
    },
  }, async ({ headers: { accept = '' } }, reply) => {
    const ready = (await hive.checkReady()).isOk()
    const { score, why, trend, mode, alerts, bots } = hive.health()
    if (accept.includes(healthJson)) {
      const { statusCode, contentType, body } = toHealthJson(score, { ready, version: packageJson.version, serviceId: 'bot-hive' })
      return reply.code(statusCode).type(contentType).serializer(JSON.stringify).send(body as never)
    }
    const { timeToThreshold: criticalIn, ...going } = trend
    return reply.code(ready ? 200 : 503).send({
      ...score, ready, gate: score.cappedBy, why: [...why], trend: { ...going, criticalIn }, bots, alerts: [...alerts],
      contributions: [...score.contributions], signals: [...score.signals], mode: { ...mode, off: [...mode.off], causes: [...mode.causes] },
    })
  })

  const answerMode = () => {
    const { mode } = hive.health()
    return { ...mode, off: [...mode.off], causes: [...mode.causes] }
  }

  api.put('/api/mode', {
    schema: {
      tags: ['health'], summary: 'Goes to a mode at once, whatever the score says, until the time is up.',
      body: z.strictObject({ mode: z.enum(hiveModes), forMs: z.number().int().min(1_000).max(604_800_000), reason: plainText(1, 500) }),
      response: { 200: Mode, ...problems },
    },
  }, async ({ body }) => {
    hive.setMode(body)
    return answerMode()
  })

  api.delete('/api/mode', {
    schema: { tags: ['health'], summary: 'Goes back to the mode that the score asks for.', response: { 200: Mode, ...problems } },
  }, async () => {
    hive.setMode(undefined)
    return answerMode()
  })
}
