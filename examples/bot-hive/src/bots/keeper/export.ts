import { z } from 'zod'
import { plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Session = z.object({ id: z.string(), title: z.string() })

const formats = ['markdown', 'text', 'json', 'pdf']

/** `/export <session>` */
export const exportSession: KeeperCommand = hive => ({
  name: 'export',
  description: 'Gives the links that download a session.',
  hint: '<session>',
  run: async (sessionId, { signal }) => {
    if (!sessionId) return 'Which session? Its id stands in its address, after `/sessions/`.'
    const path = `/api/sessions/${encodeURIComponent(sessionId)}`
    const { title } = await hive.get(path, Session, signal)
    return `**${plain(title) || 'Untitled'}** as ${formats.map(format => `[${format}](${path}/export?format=${format})`).join(', ')}`
  },
})
