import { HiveError } from '@hivekit/errors'
import type { FastifyInstance } from 'fastify'

/** Reads JSON bodies strictly: bytes that are not UTF-8 are refused, not replaced. */
export const registerJson = (app: FastifyInstance) => {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    let text
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      return done(new HiveError('invalid_argument', 'The body is not UTF-8.'))
    }
    void app.getDefaultJsonParser('error', 'error')(request, text, (error, value) => {
      if (error) done(new HiveError('invalid_argument', `The body is not JSON: ${error.message}`))
      else done(null, value)
    })
  })
}
