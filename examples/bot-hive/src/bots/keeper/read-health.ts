import { fromProblemDetails, HiveError } from '@hivekit/errors'
import { z } from 'zod'
import type { HiveApi } from './hive-api.ts'

/** The mode of the hive, as `/api/health` and `/api/mode` tell it. */
export const Mode = z.object({
  mode: z.string(), off: z.array(z.string()), since: z.number().nullable(), reason: z.string(),
  causes: z.array(z.object({ name: z.string(), mode: z.string() })),
  override: z.object({ until: z.number() }).nullable(),
})

const Health = z.object({
  ready: z.boolean(), score: z.number().nullable(), grade: z.string(), confidence: z.number(), gate: z.string().nullable(),
  why: z.array(z.string()), bots: z.object({ ready: z.number(), expected: z.number() }), mode: Mode,
  alerts: z.array(z.object({ rule: z.string(), severity: z.string(), since: z.number() })),
  trend: z.object({
    points: z.number(), level: z.number().nullable(), direction: z.string(), slopePerHour: z.number(),
    shift: z.object({ direction: z.string(), at: z.number(), before: z.number(), after: z.number() }).nullable(),
    criticalIn: z.object({ ms: z.number(), earliestMs: z.number(), latestMs: z.number().nullable() }).nullable(),
  }),
})

/** Reads how the hive is; a hive that is not ready says so too. */
export const readHealth = async (hive: HiveApi, signal: AbortSignal): Promise<z.infer<typeof Health>> => {
  const { status, body } = await hive.text('/api/health', signal)
  const answer = parse(body)
  const health = Health.safeParse(answer)
  if (health.success) return health.data
  throw status < 400 ? new HiveError('dependency_failed', 'The hive answered in a shape I do not know.', { cause: health.error }) : fromProblemDetails(answer ?? { status })
}

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return
  }
}
