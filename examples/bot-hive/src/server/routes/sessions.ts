import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { asSession, Session } from '../../hive/model.ts'
import { unwrap } from '../problems.ts'
import { BotParams, listOf, plainText, problems, queryInteger, SessionParams } from '../schemas.ts'
import type { Api } from './api.ts'

const title = plainText(0, 500)
const Page = z.object({ limit: queryInteger(1, 200).default(50), cursor: z.string().max(1000).optional() })

/** Sessions: conversations with one bot. */
export const sessionRoutes = (api: Api, hive: Hive) => {
  api.get('/api/bots/:botId/sessions', {
    schema: {
      tags: ['sessions'], summary: "Lists a bot's sessions, the newest activity first. `next` is the `cursor` of the page after.",
      params: BotParams, querystring: Page, response: { 200: listOf(Session), ...problems },
    },
  }, async ({ params, query: { limit, cursor } }) => {
    const sessions = unwrap(hive.sessionsOf(params.botId))
    const { items, next } = unwrap(await sessions.list({ limit, ...(cursor === undefined ? {} : { cursor }) }))
    return { items: items.map(asSession), ...(next === undefined ? {} : { next }) }
  })

  api.post('/api/bots/:botId/sessions', {
    schema: {
      tags: ['sessions'], summary: 'Begins a session with a bot.',
      params: BotParams, body: z.strictObject({ title: title.default('') }).nullish(), response: { 201: Session, ...problems },
    },
  }, async ({ params, body }, reply) => {
    const sessions = unwrap(hive.sessionsOf(params.botId))
    const session = unwrap(await sessions.create({ title: body?.title ?? '' }))
    reply.code(201)
    return asSession(session)
  })

  api.get('/api/sessions/:sessionId', {
    schema: { tags: ['sessions'], summary: 'Reads a session.', params: SessionParams, response: { 200: Session, ...problems } },
  }, async ({ params: { sessionId } }) => {
    const sessions = unwrap(await hive.sessionsWith(sessionId))
    return asSession(unwrap(await sessions.get(sessionId)))
  })

  api.patch('/api/sessions/:sessionId', {
    schema: {
      tags: ['sessions'], summary: 'Renames a session.',
      params: SessionParams, body: z.strictObject({ title }), response: { 200: Session, ...problems },
    },
  }, async ({ params: { sessionId }, body }) => {
    const sessions = unwrap(await hive.sessionsWith(sessionId))
    return asSession(unwrap(await sessions.setTitle(sessionId, body.title)))
  })

  api.delete('/api/sessions/:sessionId', {
    schema: { tags: ['sessions'], summary: 'Deletes a session and all its messages.', params: SessionParams, response: { 204: z.null(), ...problems } },
  }, async ({ params: { sessionId } }, reply) => {
    unwrap(await hive.deleteSession(sessionId))
    reply.code(204)
    return null
  })
}
