import { z } from 'zod'
import { plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const Found = z.object({
  items: z.array(z.object({
    botId: z.string(), sessionId: z.string(), sessionTitle: z.string(), createdAt: z.number(),
    snippet: z.array(z.object({ text: z.string(), hit: z.boolean() })),
  })),
})

const shown = 10

/** `/search <words>` */
export const search: KeeperCommand = hive => ({
  name: 'search',
  description: 'Finds what was said to other bots, and by them.',
  hint: '<words>',
  run: async (words, { signal }) => {
    if (!words) return 'What for? For example `/search "a phrase" role:user after:2026-11`.'
    const { items } = await hive.get(`/api/search?${new URLSearchParams({ q: words, limit: '100' }).toString()}`, Found, signal)
    // Whoever asks me for a word has said it to me.
    const others = items.filter(({ botId }) => botId !== process.env.HIVE_BOT_ID)
    if (others.length === 0) return 'Nothing that was said has that.'
    const lines = others.slice(0, shown).map(({ botId, sessionId, sessionTitle, createdAt, snippet }) => {
      const place = `#/bots/${encodeURIComponent(botId)}/sessions/${encodeURIComponent(sessionId)}`
      const text = snippet.map(part => (part.hit ? `**${plain(part.text)}**` : plain(part.text))).join('')
      return `- [${plain(sessionTitle) || 'Untitled'}](${place}) (${plain(botId)}, ${new Date(createdAt).toISOString().slice(0, 16).replace('T', ' ')}): ${text}`
    })
    return others.length > shown ? `${lines.join('\n')}\n\nThe newest ${shown}: more words find less.` : lines.join('\n')
  },
})
