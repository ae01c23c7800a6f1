import { DatabaseSync } from 'node:sqlite'
import { err, fail, isHiveError, ok, type HiveError, type Result } from '@hivekit/errors'
import type { ColdParts } from '../archive/archive-file.ts'
import type { Engine, Scope } from '../engine.ts'
import type { BotId } from '../ids.ts'
import { bytesToUuid, uuidToBytes } from '../ids.ts'
import { describeFailure } from './failure.ts'
import { messageColumns, sessionColumns, toMessage, toSession, type MessageRow, type SessionRow } from './rows.ts'

type Reads = Pick<Engine, 'session' | 'sessions' | 'data' | 'messages' | 'message' | 'attachment' | 'isFileUsed' | 'scopeOf' | 'idleSessions' | 'recovered'>

/** What is read on the caller's own thread: short look-ups by key, over a connection that cannot write. */
export interface Reader extends Reads {
  /** Counts sessions and messages. */
  counts(): { readonly sessions: number, readonly messages: number }
  close(): void
}

/** Opens the second connection, onto a file that has the schema of today. */
export const openReader = (path: string, busyTimeoutMs: number, cold: ColdParts): Reader => {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs })
  db.exec('PRAGMA query_only = ON; PRAGMA cache_size = -16384')

  const inScope = 'FROM sessions s JOIN scopes c ON c.key = s.scope WHERE s.id = ? AND c.bot = ? AND c.user = ?'
  const session = db.prepare(`SELECT ${sessionColumns} ${inScope}`)
  const sessionKey = db.prepare(`SELECT s.key ${inScope}`)
  const data = db.prepare(`SELECT s.data ${inScope}`)
  const listed = `SELECT ${sessionColumns} FROM scopes c JOIN sessions s ON s.scope = c.key WHERE c.bot = ? AND c.user = ?`
  const order = 'ORDER BY s.updated_at DESC, s.id DESC LIMIT ?'
  const firstPage = db.prepare(`${listed} ${order}`)
  const laterPage = db.prepare(`${listed} AND (s.updated_at, s.id) < (?, ?) ${order}`)
  const newest = db.prepare(`SELECT ${messageColumns} FROM messages m WHERE m.session = ? AND m.seq < ? ORDER BY m.seq DESC LIMIT ?`)
  const onward = db.prepare(`SELECT ${messageColumns} FROM messages m WHERE m.session = ? AND m.seq > ? ORDER BY m.seq LIMIT ?`)
  const message = db.prepare(`SELECT ${messageColumns} FROM messages m WHERE m.session = ? AND m.id = ?`)
  const attachment = db.prepare('SELECT id, name, media_type, bytes, sha256 FROM attachments WHERE session = ? AND id = ?')
  const fileUsed = db.prepare('SELECT 1 FROM attachments WHERE sha256 = ? LIMIT 1')
  const scope = db.prepare('SELECT c.bot, c.user FROM sessions s JOIN scopes c ON c.key = s.scope WHERE s.id = ?')
  const recoverable = `SELECT ${messageColumns}, s.id AS session_id, c.bot, c.user
    FROM messages m JOIN sessions s ON s.key = m.session JOIN scopes c ON c.key = s.scope`
  const pending = db.prepare(`${recoverable} WHERE m.state = 0 ORDER BY m.n`)
  const byNumber = db.prepare(`${recoverable} WHERE m.n IN (SELECT value FROM json_each(?)) ORDER BY m.n`)
  const idle = db.prepare(
    `SELECT ${sessionColumns} FROM sessions s JOIN scopes c ON c.key = s.scope
     WHERE s.updated_at < ? AND (s.archived IS NOT NULL) = ? AND s.held = 0 ORDER BY s.updated_at LIMIT ?`,
  )
  const counts = db.prepare('SELECT count(*) AS sessions, coalesce(sum(message_count), 0) AS messages FROM sessions')

  const attempt = async <T>(read: () => Result<T, HiveError>): Promise<Result<T, HiveError>> => {
    if (!db.isOpen) return fail('unavailable', 'The store is closed.')
    try {
      return read()
    } catch (error) {
      if (isHiveError(error)) return err(error)
      const { code, message } = describeFailure(error)
      return fail(code, message, { cause: error })
    }
  }
  const noSession = (id: string) => fail('not_found', `No session "${id}".`)
  const keyOf = (of: Scope, id: string) =>
    (sessionKey.get(uuidToBytes(id), of.bot, of.user) as { key: number } | undefined)?.key
  const toRecovered = (row: unknown) => {
    const { session_id, bot, user, ...rest } = row as MessageRow & { session_id: Uint8Array, bot: string, user: string }
    return { botId: bot as BotId, ...(user === '' ? {} : { userId: user }), message: toMessage(rest, bytesToUuid(session_id), cold) }
  }

  return {
    session: (of, id) => attempt(() => {
      const row = session.get(uuidToBytes(id), of.bot, of.user) as SessionRow | undefined
      return row ? ok(toSession(row)) : noSession(id)
    }),
    sessions: (of, limit, after) => attempt(() => {
      const rows = after
        ? laterPage.all(of.bot, of.user, after.updatedAt, uuidToBytes(after.id), limit + 1)
        : firstPage.all(of.bot, of.user, limit + 1)
      return ok((rows as unknown as SessionRow[]).map(toSession))
    }),
    data: (of, id) => attempt(() => {
      const row = data.get(uuidToBytes(id), of.bot, of.user) as { data: string | null } | undefined
      return row ? ok(row.data ?? '{}') : noSession(id)
    }),
    messages: (of, id, { limit, before, after }) => attempt(() => {
      const key = keyOf(of, id)
      if (key === undefined) return noSession(id)
      const rows = after === undefined
        ? newest.all(key, before ?? Number.MAX_SAFE_INTEGER, limit + 1).toReversed()
        : onward.all(key, after, limit + 1)
      return ok((rows as unknown as MessageRow[]).map(row => toMessage(row, id, cold)))
    }),
    message: (of, id, messageId) => attempt(() => {
      const key = keyOf(of, id)
      if (key === undefined) return noSession(id)
      const row = message.get(key, uuidToBytes(messageId)) as MessageRow | undefined
      return row ? ok(toMessage(row, id, cold)) : fail('not_found', `No message "${messageId}".`)
    }),
    attachment: (of, id, attachmentId) => attempt(() => {
      const key = keyOf(of, id)
      if (key === undefined) return noSession(id)
      const row = attachment.get(key, attachmentId) as { id: string, name: string, media_type: string, bytes: number, sha256: string } | undefined
      if (!row) return fail('not_found', `No attachment "${attachmentId}".`)
      return ok({ id: row.id, name: row.name, mediaType: row.media_type, bytes: row.bytes, sha256: row.sha256 })
    }),
    isFileUsed: sha256 => attempt(() => ok(fileUsed.get(sha256) !== undefined)),
    scopeOf: id => attempt(() => {
      const row = scope.get(uuidToBytes(id)) as unknown as Scope | undefined
      return row ? ok({ bot: row.bot, user: row.user }) : noSession(id)
    }),
    recovered: failed => attempt(() => ok({
      failed: byNumber.all(JSON.stringify(failed)).map(toRecovered),
      pending: pending.all().map(toRecovered),
    })),
    idleSessions: (before, tier, limit) => attempt(() =>
      ok((idle.all(before, tier === 'archived' ? 1 : 0, limit) as unknown as SessionRow[]).map(toSession))),
    counts: () => (db.isOpen ? (counts.get() as { sessions: number, messages: number }) : { sessions: 0, messages: 0 }),
    close: () => db.isOpen && db.close(),
  }
}
