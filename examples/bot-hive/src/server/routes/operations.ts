import { createCapacity, refusalToError } from '@hivekit/capacity'
import { HiveError } from '@hivekit/errors'
import { exposeMetrics } from '@hivekit/metrics'
import { z } from 'zod'
import type { HiveConfig } from '../../config.ts'
import type { Hive } from '../../hive/hive.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { unwrap } from '../problems.ts'
import { problems } from '../schemas.ts'
import type { Api } from './api.ts'

const { version } = packageJson
const Ok = z.object({ status: z.literal('ok') })
const HiveInfo = z.object({
  name: z.string(), version: z.string(), state: z.enum(['running', 'draining']), startedAt: z.number(),
  auth: z.boolean().meta({ description: 'Whether a token is needed.' }),
})

export interface OperationParts {
  readonly hive: Hive
  readonly config: HiveConfig
  readonly guard: { readonly signIn: (token: string) => string | undefined }
}

/** Guesses at the token, by address: ten at once, then one every five seconds. */
const attempts = createCapacity({ limits: { signIn: { kind: 'rate', perSecond: 0.2, burst: 10, per: 'key' } } })

/** Is it alive, is it ready, who may use it. */
export const operationRoutes = (api: Api, { hive, config, guard }: OperationParts) => {
  api.get('/livez', { schema: { tags: ['operations'], summary: 'Answers while the process does.', response: { 200: Ok } } },
    async () => ({ status: 'ok' as const }))

  api.get('/readyz', { schema: { tags: ['operations'], summary: 'Answers 200 while messages can be stored.', response: { 200: Ok, ...problems } } },
    async () => {
    unwrap(await hive.checkReady())
    return { status: 'ok' as const }
  })

  api.get('/metrics', {
    schema: { tags: ['operations'], summary: 'All figures, as Prometheus or OpenMetrics text.', produces: ['text/plain', 'application/openmetrics-text'], response: { 200: z.string() } },
  }, async ({ headers: { accept, 'accept-encoding': acceptEncoding } }, reply) => {
    const { headers, body } = await exposeMetrics(hive.metrics(), { accept, acceptEncoding: [acceptEncoding].flat().join() })
    return reply.headers(headers).serializer((text: unknown) => text as string).send(body as string)
  })

  api.get('/api/hive', { schema: { tags: ['operations'], summary: 'Says what hive this is.', response: { 200: HiveInfo } } },
    async () => ({ name: 'bot hive', version, state: hive.state, startedAt: hive.startedAt, auth: config.token !== undefined }))

  api.post('/api/sign-in', {
    schema: {
      tags: ['operations'], summary: 'Exchanges the token for a cookie, for browsers.',
      body: z.strictObject({ token: z.string().max(1000) }), response: { 204: z.null(), ...problems },
    },
  }, async ({ body, ip }, reply) => {
    const attempt = attempts.tryAcquire({ key: ip })
    if (!attempt.admitted) throw refusalToError(attempt)
    const cookie = guard.signIn(body.token)
    if (cookie === undefined) throw new HiveError('unauthenticated', 'That is not the token of this hive.')
    reply.header('set-cookie', cookie).code(204)
    return null
  })
}
