import {
  client, PROTOCOL_VERSION, RequestError, type RequestPermissionRequest, type RequestPermissionResponse, type Stream,
} from '@agentclientprotocol/sdk'
import { err, fail, fromProblemDetails, HiveError, isHiveError, ok, type Result } from '@hivekit/errors'

/** The client's side of ACP, as far as the hive speaks it. Nothing here rejects; nothing here has a time limit. */
export interface AcpClient {
  /** Greets the bot. Answers whether it can load sessions of an earlier life. */
  readonly initialize: () => Promise<Result<{ readonly canLoad: boolean }, HiveError>>
  /** Opens a session of the bot's own and answers its id. */
  readonly newSession: () => Promise<Result<string, HiveError>>
  /** Opens a session of an earlier life; the bot replays it meanwhile. */
  readonly loadSession: (id: string) => Promise<Result<string, HiveError>>
  /** Runs a turn and answers its stop reason. */
  readonly prompt: (sessionId: string, text: string) => Promise<Result<string, HiveError>>
  /** Asks the bot to end the turn of a session. */
  readonly cancel: (sessionId: string) => void
  /** Settles on any answer, also on "method not found"; never when the connection closes first. */
  readonly ping: () => Promise<void>
  /** Settles when the connection has closed, by us or by itself. */
  readonly closed: Promise<void>
  /** Fails whatever is unanswered with this error. */
  readonly close: (error: HiveError) => void
}

/** Asked of a bot to see whether it lives. Whoever does not know it says so, and that is an answer as well. */
const pingMethod = '_hivekit/ping'

/** Connects to a bot as its ACP client. */
export const connectAcp = (
  stream: Stream,
  cwd: string,
  onPermission: (request: RequestPermissionRequest) => Promise<RequestPermissionResponse>,
): AcpClient => {
  const connection = client({ name: 'bot-hive' })
    .onRequest('session/request_permission', ({ params }) => onPermission(params))
    .connect(stream)
  const bot = connection.agent
  let signIn = ''

  const asResult = async <T, U>(response: Promise<T>, read: (value: T) => U): Promise<Result<U, HiveError>> => {
    try {
      return ok(read(await response))
    } catch (error) {
      return err(readError(error, signIn))
    }
  }

  return {
    initialize: async () => {
      const answer = await asResult(bot.request('initialize', {
        protocolVersion: PROTOCOL_VERSION,
        clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
        clientInfo: { name: 'bot-hive', version: '0.0.0' },
      }), value => value)
      if (answer.isErr()) return fail('dependency_failed', `Could not greet it. ${answer.error.message}`, { cause: answer.error })
      const { protocolVersion, agentCapabilities, authMethods } = answer.value
      if (protocolVersion !== PROTOCOL_VERSION) {
        const message = `Speaks version ${protocolVersion} of the Agent Client Protocol; the hive speaks ${PROTOCOL_VERSION}.`
        return fail('dependency_failed', message, { kind: 'permanent' })
      }
      signIn = (authMethods ?? []).map(method => method.description ?? method.name).join('; or: ')
      return ok({ canLoad: agentCapabilities?.loadSession === true })
    },
    newSession: () => asResult(bot.request('session/new', { cwd, mcpServers: [] }), answer => answer.sessionId),
    loadSession: id => asResult(bot.request('session/load', { sessionId: id, cwd, mcpServers: [] }), () => id),
    prompt: (sessionId, text) =>
      asResult(bot.request('session/prompt', { sessionId, prompt: [{ type: 'text', text }] }), answer => answer.stopReason),
    cancel: sessionId => {
      bot.notify('session/cancel', { sessionId }).catch(() => {})
    },
    ping: () => new Promise(resolve => {
      bot.request(pingMethod, {}).then(() => resolve(), error => {
        if (error instanceof RequestError) resolve()
      })
    }),
    closed: connection.closed,
    close: error => connection.close(error),
  }
}

const authRequired = -32_000

const readError = (error: unknown, signIn: string): HiveError => {
  if (isHiveError(error)) return error
  if (error instanceof RequestError) {
    if (error.code === authRequired)
      return new HiveError('unauthenticated', `The bot wants you to sign in to it first. ${signIn}`.trim(), { cause: error })
    return readDetails(error)
  }
  const message = error instanceof Error ? error.message : String(error)
  return new HiveError('dependency_failed', `The bot answered with something that is not ACP: ${message.slice(0, 500)}`, {
    kind: 'permanent',
    cause: error,
  })
}

/**
 * Reads what a bot says went wrong. The library puts the message of what was thrown under `data.details`, behind the
 * words "Internal error"; our own bots add the whole problem.
 */
const readDetails = (error: RequestError): HiveError => {
  const { details: said, problem } = (typeof error.data === 'object' && error.data !== null ? error.data : {}) as
    { readonly details?: unknown, readonly problem?: unknown }
  if (problem) return fromProblemDetails(problem)
  const message = typeof said === 'string' && said !== '' ? said.slice(0, 1_000) : `The bot answered with an error: ${error.message.slice(0, 1_000)}`
  return new HiveError('dependency_failed', message, { kind: 'permanent', details: { rpcCode: error.code }, cause: error })
}
