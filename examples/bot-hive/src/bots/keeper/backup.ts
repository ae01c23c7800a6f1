import { z } from 'zod'
import { plain, table } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Backup = z.object({
  id: z.string(), createdAt: z.number(), bytes: z.number(), storedBytes: z.number(), state: z.string(), finding: z.string().optional(), anomalies: z.array(z.string()),
})

const usage = 'I know `/backup list`, `/backup now` and `/backup verify <id>`.'

/** `/backup list|now|verify <id>` */
export const backup: KeeperCommand = hive => ({
  name: 'backup',
  description: 'Lists the backups, makes one, or verifies one.',
  hint: 'list|now|verify <id>',
  run: async (argument, { signal }) => {
    const [verb = 'list', id] = argument.split(/\s+/).filter(Boolean)
    if (verb === 'list') {
      const { items } = await hive.get('/api/backups', z.object({ items: z.array(Backup) }), signal)
      if (items.length === 0) return 'There is no backup yet. `/backup now` makes one.'
      return table(['Backup', 'Made', 'Size', 'Packed', 'State', 'Remarks'], items.map(item => [
        item.id, timeOf(item.createdAt), sizeOf(item.bytes), sizeOf(item.storedBytes), item.state, [item.finding ?? [], item.anomalies].flat().join('; '),
      ]))
    }
    if (verb === 'now') return describe(await hive.send('POST', '/api/backups', undefined, Backup, signal))
    if (verb !== 'verify') return usage
    return id ? describe(await hive.send('POST', `/api/backups/${encodeURIComponent(id)}/verify`, undefined, Backup, signal)) : `Which one? ${usage}`
  },
})

const describe = ({ id, createdAt, bytes, state, finding }: z.infer<typeof Backup>) =>
  `Backup \`${id}\` of ${timeOf(createdAt)} UTC, ${sizeOf(bytes)}, is **${plain(state)}**${finding === undefined ? '.' : `: ${plain(finding)}`}`

const timeOf = (at: number) => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
const sizeOf = (bytes: number) => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`)
