import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './api.generated.ts'

export interface HiveClientOptions {
  /** Where the hive is. Default: where the page came from. */
  readonly url?: string
  /** Sent with every call; a browser has its cookie instead. */
  readonly token?: string | undefined
}

/** The HTTP API of a hive, typed by its own OpenAPI document: `client.GET('/api/bots')`. */
export const createHiveClient = ({ url = '', token }: HiveClientOptions = {}): Client<paths> =>
  createClient<paths>({ baseUrl: url, ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}) })
