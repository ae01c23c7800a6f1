import { z } from 'zod'
import { duration, plain, table } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Hive = z.object({ name: z.string(), version: z.string().optional(), startedAt: z.number(), state: z.string() })

/** `/status` */
export const status: KeeperCommand = hive => ({
  name: 'status',
  description: 'Tells how the hive and its bots are.',
  run: async (_, { signal }) => {
    const [{ name, version, startedAt, state }, bots] = await Promise.all([hive.get('/api/hive', Hive, signal), hive.bots(signal)])
    const now = Date.now()
    const rows = bots.map(bot => [
      bot.name,
      bot.paused ? `${bot.state}, paused` : bot.state,
      `${bot.running} of ${bot.maxConcurrent}`,
      bot.queued,
      bot.restarts,
      bot.startedAt === undefined ? '–' : duration(now - bot.startedAt),
      bot.reason ?? '',
    ])
    return [
      `**${plain(version ? `${name} ${version}` : name)}** is ${plain(state)}, for ${duration(now - startedAt)} now.`,
      table(['Bot', 'State', 'Running', 'Waiting', 'Crashes', 'Up', 'Reason'], rows),
    ].join('\n\n')
  },
})
