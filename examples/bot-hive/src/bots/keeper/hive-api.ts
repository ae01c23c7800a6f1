import { fromProblemDetails, HiveError } from '@hivekit/errors'
import { z } from 'zod'
import { Bot } from '../../hive/model.ts'
import type { AnsweringCommand } from '../answer-command.ts'

/** The hive's HTTP API as an operator uses it. Failures are thrown as `HiveError`. */
export interface HiveApi {
  /** Reads JSON of this shape. */
  readonly get: <T>(path: string, shape: z.ZodType<T>, signal: AbortSignal) => Promise<T>
  /** Reads text and the status, whatever the status. */
  readonly text: (path: string, signal: AbortSignal) => Promise<{ readonly status: number, readonly body: string }>
  /** Changes something and reads the JSON of this shape that comes back. */
  readonly send: <T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown, shape: z.ZodType<T>, signal: AbortSignal) => Promise<T>
  /** Does something to a bot and answers the bot as it then is. */
  readonly act: (botId: string, verb: BotVerb, signal: AbortSignal) => Promise<Bot>
  /** All bots. */
  readonly bots: (signal: AbortSignal) => Promise<readonly Bot[]>
  /** Finds a bot by its id or name; an unknown one is `not_found` and the message names those there are. */
  readonly find: (idOrName: string, signal: AbortSignal) => Promise<Bot>
}

/** What an operator may do to a bot. */
export type BotVerb = 'launch' | 'stop' | 'restart' | 'pause' | 'resume'

/** A command of the keeper, once it knows the hive. */
export type KeeperCommand = (hive: HiveApi) => AnsweringCommand

const Bots = z.object({ items: z.array(Bot) })

/** Reaches the hive at a URL, with its token if it has one. */
export const connectHive = ({ url, token }: { readonly url: string | undefined, readonly token: string | undefined }): HiveApi => {
  const call = async (path: string, init: RequestInit) => {
    if (!url) throw new HiveError('unavailable', 'I do not know where the hive is: HIVE_URL is not set. Is "operator": true set for me?')
    const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) }
    try {
      return await fetch(new URL(path, url), { ...init, headers, redirect: 'error' })
    } catch (cause) {
      if (init.signal?.aborted) throw cause
      throw new HiveError('unavailable', `I cannot reach the hive at ${url}.`, { cause })
    }
  }
  const read = async <T>(response: Response, shape: z.ZodType<T>): Promise<T> => {
    const body: unknown = await response.json().catch(() => undefined)
    if (!response.ok) throw fromProblemDetails(body ?? { status: response.status })
    const parsed = shape.safeParse(body)
    if (!parsed.success) throw new HiveError('dependency_failed', 'The hive answered in a shape I do not know.', { cause: parsed.error })
    return parsed.data
  }
  const get: HiveApi['get'] = async (path, shape, signal) => read(await call(path, { signal }), shape)
  const bots = async (signal: AbortSignal) => (await get('/api/bots', Bots, signal)).items

  return {
    get,
    text: async (path, signal) => {
      const response = await call(path, { signal })
      return { status: response.status, body: await response.text() }
    },
    send: async (method, path, body, shape, signal) =>
      read(await call(path, { method, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }), shape),
    act: async (botId, verb, signal) =>
      read(await call(`/api/bots/${encodeURIComponent(botId)}/${verb}`, { method: 'POST', signal }), Bot),
    bots,
    find: async (idOrName, signal) => {
      const all = await bots(signal)
      const wanted = idOrName.toLowerCase()
      const found = all.find(({ id }) => id === wanted) ?? all.find(({ name }) => name.toLowerCase() === wanted)
      if (found) return found
      throw new HiveError('not_found', `There is no bot "${idOrName}". There are: ${all.map(({ id }) => id).join(', ')}.`)
    },
  }
}
