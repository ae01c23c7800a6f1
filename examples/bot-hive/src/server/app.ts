import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastifySwagger from '@fastify/swagger'
import { HiveError } from '@hivekit/errors'
import Fastify from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import packageJson from '../../package.json' with { type: 'json' }
import type { HiveConfig } from '../config.ts'
import type { Hive } from '../hive/hive.ts'
import { registerGuard } from './guard.ts'
import { registerJson } from './json.ts'
import { registerProblems } from './problems.ts'
import { backupRoutes } from './routes/backups.ts'
import { botRoutes } from './routes/bots.ts'
import { capacityRoutes } from './routes/capacity.ts'
import { errorRoutes } from './routes/errors.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { messageRoutes } from './routes/messages.ts'
import { metricRoutes } from './routes/metrics.ts'
import { operationRoutes } from './routes/operations.ts'
import { searchRoutes } from './routes/search.ts'
import { sessionRoutes } from './routes/sessions.ts'

/** The page as Vite builds it. */
const page = join(import.meta.dirname, '..', '..', 'dist', 'web')

/** The HTTP face of a hive: the API, its OpenAPI document and the page. Listens to nothing by itself. */
export const createApp = async (hive: Hive, config: HiveConfig) => {
  const app = Fastify({ bodyLimit: 2_500_000, forceCloseConnections: true, exposeHeadRoutes: false }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  registerJson(app)
  registerProblems(app, hive.errors.metrics)
  const guard = registerGuard(app, config)

  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'bot hive', version: packageJson.version, description: 'Chat with the bots of a hive and operate it. Every error is an RFC 9457 document.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(async scope => {
    const api = scope.withTypeProvider<ZodTypeProvider>()
    botRoutes(api, hive)
    sessionRoutes(api, hive)
    messageRoutes(api, hive)
    searchRoutes(api, hive)
    eventRoutes(api, hive)
    capacityRoutes(api, hive)
    errorRoutes(api, hive)
    healthRoutes(api, hive)
    backupRoutes(api, hive)
    metricRoutes(api, hive)
    operationRoutes(api, { hive, config, guard })
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())

  if (existsSync(page)) await app.register(fastifyStatic, {
    root: page,
    setHeaders: (reply, path) => void reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'),
  })
  else app.get('/', { schema: { hide: true } }, () => { throw new HiveError('unavailable', 'The page is not built. Run `npm start`, or `node build-page.ts` in examples/bot-hive.') })
  return app
}
