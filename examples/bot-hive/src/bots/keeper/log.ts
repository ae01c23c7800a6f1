import { z } from 'zod'
import { fenced, plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Log = z.object({ items: z.array(z.object({ at: z.number(), stream: z.string(), text: z.string() })) })

const shown = 40

/** `/log <bot>` */
export const log: KeeperCommand = hive => ({
  name: 'log',
  description: 'Shows what a bot printed last.',
  hint: '<bot>',
  run: async (argument, { signal }) => {
    if (!argument) return 'Whose log? For example `/log worker`.'
    const { id, name } = await hive.find(argument, signal)
    const { items } = await hive.get(`/api/bots/${encodeURIComponent(id)}/log`, Log, signal)
    if (items.length === 0) return `**${plain(name)}** has printed nothing.`
    const lines = items.slice(-shown).map(({ at, text }) => `${new Date(at).toISOString().slice(11, 19)} ${text}`)
    return `The last ${lines.length} lines of **${plain(name)}**, times in UTC:\n\n${fenced(lines.join('\n'), 'text')}`
  },
})
