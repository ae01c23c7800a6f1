import { resolve } from 'node:path'
import { err, ok, type HiveError, type Result } from '@hivekit/errors'
import { openFileStore } from './attachments/file-store.ts'
import { createSessionStore, type SessionStoreOptions } from './create-session-store.ts'
import type { SessionStore } from './session-store.ts'
import { openSqliteEngine } from './sqlite/sqlite-engine.ts'

/** How to open a store in a file. */
export interface OpenSessionStoreOptions extends SessionStoreOptions {
  /** The database file. It and its folder are made where they are missing. */
  readonly path: string
  /** How long a write waits for another process that holds the database's lock, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number
  /** How large the database file may grow, in bytes; then writes fail as `storage_full`. Default: as large as the disk. */
  readonly maxDatabaseBytes?: number
  /** The folder of attachments' files. Default: beside the database, its name with `-files`. */
  readonly filesFolder?: string
  /** The folder of archived sessions. Default: beside the database, its name with `-archive`. */
  readonly archiveFolder?: string
}

/**
 * Opens a store in an SQLite file. Fails as `unavailable` when the file cannot be opened or written,
 * `unsupported` when a newer version of this package wrote it, `data_corrupt` when it is no database and
 * `invalid_argument` when it is someone else's.
 *
 * @example
 * ```ts
 * import { openSessionStore } from '@hivekit/chat-session'
 *
 * const opened = await openSessionStore({ path: 'sessions.db' })
 * if (opened.isErr()) throw opened.error
 * await using store = opened.value
 * const sessions = store.forBot('keeper')
 * const session = await sessions.create({ title: 'First' })
 * ```
 */
export const openSessionStore = async (options: OpenSessionStoreOptions): Promise<Result<SessionStore, HiveError>> => {
  const { path, busyTimeoutMs = 5_000, maxDatabaseBytes, filesFolder = `${path}-files`, archiveFolder = `${path}-archive` } = options
  if (typeof path !== 'string' || path === '') throw new TypeError(`Expected path to be a file's name, got ${JSON.stringify(path)}.`)
  const engine = await openSqliteEngine({ path: resolve(path), busyTimeoutMs, maxDatabaseBytes, archiveFolder: resolve(archiveFolder) })
  return engine.isErr() ? err(engine.error) : ok(createSessionStore(engine.value, openFileStore(resolve(filesFolder)), resolve(archiveFolder), options))
}
