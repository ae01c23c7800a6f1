import { Readable } from 'node:stream'
import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { unwrap } from '../problems.ts'
import { listOf, plainText, problems, queryInteger, SessionParams } from '../schemas.ts'
import type { Api } from './api.ts'

const Query = z.object({
  q: plainText(1, 1000).meta({ description: 'Words, `"a phrase"`, `begin*`, `-without`, `role:user`, `before:2026-11-24`, `after:2026-11`, `on:2026` (UTC).' }),
  bot: z.string().max(200).optional().meta({ description: 'Only the sessions with this bot.' }),
  limit: queryInteger(1, 100).default(20),
  cursor: z.string().max(1000).optional(),
})

/** A message that holds what was looked for. */
export const SearchHit = z.object({
  botId: z.string(),
  sessionId: z.string(),
  sessionTitle: z.string(),
  messageId: z.string(),
  seq: z.number().int().positive().meta({ description: 'Its place in the session.' }),
  role: z.enum(['user', 'bot', 'system']),
  createdAt: z.number(),
  snippet: z.array(z.object({ text: z.string(), hit: z.boolean() })).meta({ description: 'A stretch of its text, with what was found marked.' }),
}).meta({ id: 'SearchHit' })

const Format = z.object({ format: z.enum(['json', 'markdown', 'text', 'pdf']).default('markdown') })

/** Finding what was said, and taking it away. */
export const searchRoutes = (api: Api, hive: Hive) => {
  api.get('/api/search', {
    schema: {
      tags: ['sessions'], summary: 'Finds messages, the newest first. `next` is the `cursor` of the page after.',
      querystring: Query, response: { 200: listOf(SearchHit), ...problems },
    },
  }, async ({ query: { q, bot, limit, cursor } }) => {
    const { items, next } = unwrap(await hive.search(q, { limit, ...(bot === undefined ? {} : { botId: bot }), ...(cursor === undefined ? {} : { cursor }) }))
    return { items: items.map(hit => ({ ...hit, snippet: [...hit.snippet] })), ...(next === undefined ? {} : { next }) }
  })

  api.get('/api/sessions/:sessionId/export', {
    schema: {
      tags: ['sessions'], summary: 'Downloads a session as a file. It is made as it is read, after the replies that wait.',
      params: SessionParams, querystring: Format, produces: ['application/json', 'text/markdown', 'text/plain', 'application/pdf'],
      response: { 200: z.string(), ...problems },
    },
  }, async ({ params: { sessionId }, query: { format } }, reply) => {
    const gone = new AbortController()
    reply.raw.on('close', () => gone.abort())
    const { fileName, mediaType, content } = unwrap(await hive.exportSession(sessionId, format, gone.signal))
    reply.type(mediaType).headers({ 'content-disposition': attachment(fileName), 'cache-control': 'no-store' })
    // A stream goes past the serializer, which the type does not know.
    return reply.send(Readable.from(content, { objectMode: false }) as unknown as string)
  })
}

/** The header that has a browser save a file by its name (RFC 6266), with a plain name for those that know no other. */
const attachment = (name: string) => {
  const plain = name.replaceAll(/[^\w .()-]/g, '_')
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
