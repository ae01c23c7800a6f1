import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { asMessage, Message } from '../../hive/model.ts'
import { unwrap } from '../problems.ts'
import { listOf, plainText, problems, queryInteger, SessionParams } from '../schemas.ts'
import type { Api } from './api.ts'

const seq = queryInteger(0, Number.MAX_SAFE_INTEGER).optional()
const Page = z.object({ limit: queryInteger(1, 1000).default(50), before: seq, after: seq })
const Asked = z.object({
  messageId: z.string(),
  replyId: z.string(),
  ahead: z.number().int().nonnegative().meta({ description: 'Replies that come first.' }),
  expectedWaitMs: z.number().nonnegative().meta({ description: 'Until the reply begins, judged by how fast replies have been beginning; 0 while nothing is known.' }),
})
const Headers = z.object({ 'idempotency-key': plainText(1, 200).optional().meta({ description: 'The same key in one session stores once.' }) })

/** Messages: saying something, reading it back, and steering the reply. */
export const messageRoutes = (api: Api, hive: Hive) => {
  api.get('/api/sessions/:sessionId/messages', {
    schema: {
      tags: ['messages'],
      summary: 'Reads a page of a session, in order. Without `before` and `after`: the newest. `next` is the `before` (or `after`) of the page beyond.',
      params: SessionParams, querystring: Page, response: { 200: listOf(Message), ...problems },
    },
  }, async ({ params: { sessionId }, query: { limit, before, after } }) => {
    const sessions = unwrap(await hive.sessionsWith(sessionId))
    const place = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
    const { items, next } = unwrap(await sessions.messages(sessionId, { limit, ...place }))
    return { items: items.map(asMessage), ...(next === undefined ? {} : { next: String(next) }) }
  })

  api.post('/api/sessions/:sessionId/messages', {
    schema: {
      tags: ['messages'], summary: 'Says something. Answers when it is durable; the reply comes over `GET /api/events`.',
      params: SessionParams, headers: Headers,
      body: z.strictObject({ text: plainText(1, 1_000_000).refine(text => text.trim() !== '', 'must not be empty') }),
      response: { 202: Asked, ...problems },
    },
  }, async ({ params: { sessionId }, headers, body }, reply) => {
    const asked = unwrap(await hive.ask(sessionId, body.text, headers['idempotency-key']))
    reply.code(202)
    return asked
  })

  api.post('/api/sessions/:sessionId/cancel', {
    schema: {
      tags: ['messages'], summary: 'Cancels the reply in progress and those waiting in a session.',
      params: SessionParams, response: { 202: z.object({ cancelled: z.number().int().nonnegative() }), ...problems },
    },
  }, async ({ params: { sessionId } }, reply) => {
    const cancelled = unwrap(await hive.cancel(sessionId))
    reply.code(202)
    return { cancelled }
  })

  api.post('/api/sessions/:sessionId/answers', {
    schema: {
      tags: ['messages'], summary: 'Answers a question that the bot asked on the way (a `question` part).',
      params: SessionParams, body: z.strictObject({ questionId: z.string().max(1000), optionId: z.string().max(1000) }), response: { 204: z.null(), ...problems },
    },
  }, async ({ params: { sessionId }, body }, reply) => {
    unwrap(await hive.answer(sessionId, body.questionId, body.optionId))
    reply.code(204)
    return null
  })
}
