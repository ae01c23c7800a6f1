import { HiveError } from '@hivekit/errors'
import { z } from 'zod'
import type { Hive } from '../../hive/hive.ts'
import { HiveEvent } from '../../hive/model.ts'
import { problems } from '../schemas.ts'
import type { Api } from './api.ts'

const Query = z.object({
  session: z.union([z.string(), z.array(z.string()).max(100)]).optional().meta({ description: 'Of sessions only these. Events of bots come always.' }),
  lastEventId: z.string().optional().meta({ description: 'As the header Last-Event-ID, for who cannot set it.' }),
})

/** A reader this far behind is let go; it comes back and is replayed what it missed. */
const maxBehindBytes = 4_000_000

/** The live stream: server-sent events, numbered, replayed from the last one a reader has. */
export const eventRoutes = (api: Api, hive: Hive) => {
  api.get('/api/events', {
    schema: {
      tags: ['events'], summary: 'Streams what happens, as server-sent events. Replays from `Last-Event-ID`; a `reset` event says that it cannot.',
      querystring: Query, produces: ['text/event-stream'], response: { 200: HiveEvent, ...problems },
    },
  }, async (request, reply) => {
    const { session, lastEventId } = request.query
    const last = request.headers['last-event-id'] ?? lastEventId
    const after = last === undefined || last === '' ? undefined : Number(last)
    if (after !== undefined && !Number.isSafeInteger(after))
      throw new HiveError('invalid_argument', `Last-Event-ID must be the number of an event, got "${String(last)}".`)

    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, { ...reply.getHeaders() as Record<string, string>, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    raw.write('retry: 1000\n\n')
    const unsubscribe = hive.events.subscribe({
      ...(after === undefined ? {} : { after }),
      ...(session === undefined ? {} : { sessions: new Set([session].flat()) }),
      write: frames => {
        if (raw.writableLength > maxBehindBytes) raw.destroy()
        else raw.write(frames)
      },
    })
    const heartbeat = setInterval(() => raw.write(': still here\n\n'), 15_000).unref()
    raw.on('close', () => {
      clearInterval(heartbeat)
      unsubscribe()
    })
    raw.on('error', () => raw.destroy())
  })
}
