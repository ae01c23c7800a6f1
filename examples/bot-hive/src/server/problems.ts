import { HiveError, isHiveError, toProblemDetails, type ErrorMetrics, type ProblemDetails, type Result } from '@hivekit/errors'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'

/** Every answer that is not a success is an RFC 9457 document, the framework's own refusals included. */
export const registerProblems = (app: FastifyInstance, errors: ErrorMetrics) => {
  app.addHook('onSend', async (_request, reply, payload) => {
    const problem = told.get(reply)
    if (problem) errors.record('http', problem)
    return payload
  })

  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new HiveError('not_found', `There is no ${request.method} ${request.url.split('?')[0]}.`)))

  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    if (isHiveError(error)) return sendError(reply, error)
    if (hasZodFastifySchemaValidationErrors(error)) {
      const issues = error.validation.map(({ instancePath, message }) => ({ at: instancePath || '/', message: message ?? '' }))
      const detail = issues.map(({ at, message }) => `${error.validationContext} ${at}: ${message}`).join('; ')
      return sendError(reply, new HiveError('invalid_argument', detail, { details: { issues } }))
    }
    const status = error.statusCode ?? 500
    if (status < 500) {
      const code = status === 413 ? 'too_large' : 'invalid_argument'
      return sendProblem(reply, { ...toProblemDetails(new HiveError(code, error.message)), status })
    }
    process.stderr.write(`${error.stack}\n`)
    return sendError(reply, new HiveError('internal', 'The hive made a mistake. Its log says more.'))
  })
}

/** The value; an error goes to the handler above. For the edge only: everything within hands on its results. */
export const unwrap = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}

export const sendError = (reply: FastifyReply, error: HiveError) => {
  if (error.kind === 'bug') process.stderr.write(`${error.stack}\n`)
  return sendProblem(reply, toProblemDetails(error))
}

/** What each answer that is a problem tells, until it is sent. */
const told = new WeakMap<FastifyReply, ProblemDetails>()

const sendProblem = (reply: FastifyReply, problem: ProblemDetails) => {
  told.set(reply, problem)
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(problem.retryAfterMs / 1000))
  // Past the route's serializer: a problem has one shape, whatever the route answers otherwise.
  return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}
