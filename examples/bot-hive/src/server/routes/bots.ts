import { z } from 'zod'
import type { BotAction, Hive } from '../../hive/hive.ts'
import { Bot, BotCommand } from '../../hive/model.ts'
import { unwrap } from '../problems.ts'
import { BotParams, listOf, problems } from '../schemas.ts'
import type { Api } from './api.ts'

const LogLine = z.object({ at: z.number(), stream: z.enum(['stdout', 'stderr']), text: z.string() })

const actions: Record<BotAction, string> = {
  launch: 'Starts a bot and answers when it is ready.',
  stop: 'Lets a bot finish for a while, then ends it. What waits for it fails, saying so.',
  restart: 'Stops a bot and starts it again.',
  pause: 'Has a bot finish what it does and take nothing new.',
  resume: 'Has a paused bot go on.',
}

/** Bots: what they are, what they do, and operating them. */
export const botRoutes = (api: Api, hive: Hive) => {
  api.get('/api/bots', { schema: { tags: ['bots'], summary: 'Lists the bots.', response: { 200: listOf(Bot), ...problems } } },
    async () => ({ items: hive.bots() }))

  api.get('/api/bots/:botId', { schema: { tags: ['bots'], summary: 'Reads a bot.', params: BotParams, response: { 200: Bot, ...problems } } },
    async ({ params }) => unwrap(hive.bot(params.botId)))

  api.get('/api/bots/:botId/commands', {
    schema: { tags: ['bots'], summary: 'Lists what a bot says it can do.', params: BotParams, response: { 200: listOf(BotCommand), ...problems } },
  }, async ({ params }) => ({ items: unwrap(hive.bot(params.botId)).commands }))

  api.get('/api/bots/:botId/log', {
    schema: { tags: ['bots'], summary: 'Lists the last lines that a bot printed beside the protocol.', params: BotParams, response: { 200: listOf(LogLine), ...problems } },
  }, async ({ params }) => ({ items: unwrap(hive.log(params.botId)) }))

  for (const [action, summary] of Object.entries(actions) as [BotAction, string][]) {
    api.post(`/api/bots/:botId/${action}`, { schema: { tags: ['bots'], summary, params: BotParams, response: { 200: Bot, ...problems } } },
      async ({ params }) => unwrap(await hive.operate(params.botId, action)))
  }
}
