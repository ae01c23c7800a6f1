import type { DatabaseSync } from 'node:sqlite'
import type { Scope, WriteFailure, WriteOp, WriteOpOf, WriteValues } from '../engine.ts'
import { uuidToBytes } from '../ids.ts'
import { roles, states } from './codes.ts'
import { indexedColumns, type IndexedRow, type MessageIndex } from './message-index.ts'

/** What one change came to. */
export type WriteOutcome = { readonly value: WriteValues[WriteOp['kind']] } | { readonly failure: WriteFailure }

const failed = (code: WriteFailure['code'], message: string): WriteOutcome => ({ failure: { code, message } })
const done: WriteOutcome = { value: null }
const noSession = (id: string) => failed('not_found', `No session "${id}".`)
const isArchived = (id: string) => failed('conflict', `The session "${id}" is archived: thaw it first.`)
const noMessage = (id: string) => failed('not_found', `No message "${id}".`)

/**
 * Prepares everything that changes rows. Each change looks first and writes last, so that one refused has
 * written nothing and the others of its transaction stand.
 */
export const createWriteApplier = (db: DatabaseSync, index: MessageIndex): ((op: WriteOp) => WriteOutcome) => {
  const findScope = db.prepare('SELECT key FROM scopes WHERE bot = ? AND user = ?')
  const insertScope = db.prepare('INSERT INTO scopes (bot, user) VALUES (?, ?)')
  const findSession = db.prepare(
    'SELECT s.key, s.message_count, s.archived, s.held FROM sessions s JOIN scopes c ON c.key = s.scope WHERE s.id = ? AND c.bot = ? AND c.user = ?',
  )
  const sessionTaken = db.prepare('SELECT 1 FROM sessions WHERE id = ?')
  const insertSession = db.prepare('INSERT INTO sessions (id, scope, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)')
  const updateTitle = db.prepare('UPDATE sessions SET title = ?, updated_at = max(updated_at, ?) WHERE key = ?')
  const updateData = db.prepare('UPDATE sessions SET data = ? WHERE key = ?')
  const touchSession = db.prepare('UPDATE sessions SET message_count = ?, updated_at = max(updated_at, ?) WHERE key = ?')
  const deleteKeys = db.prepare('DELETE FROM idempotency WHERE session = ?')
  const hideSession = db.prepare('UPDATE sessions SET scope = -scope WHERE key = ?')
  const leaving = db.prepare('SELECT key FROM sessions WHERE scope < 0 LIMIT 1')
  const countLeaving = db.prepare('SELECT count(*) AS n FROM sessions WHERE scope < 0')
  const lastOf = db.prepare(
    `SELECT m.state, ${indexedColumns} FROM messages m JOIN sessions s ON s.key = m.session WHERE m.session = ? ORDER BY m.seq DESC LIMIT ?`,
  )
  const deleteMessage = db.prepare('DELETE FROM messages WHERE n = ?')
  const filesOf = db.prepare('SELECT DISTINCT sha256 FROM attachments WHERE session = ?')
  const deleteFiles = db.prepare('DELETE FROM attachments WHERE session = ?')
  const fileUsed = db.prepare('SELECT 1 FROM attachments WHERE sha256 = ? LIMIT 1')
  const insertFile = db.prepare('INSERT INTO attachments (session, id, name, media_type, bytes, sha256, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)')
  const importedSession = db.prepare(
    'INSERT INTO sessions (id, scope, title, data, message_count, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const importedMessage = db.prepare(
    `INSERT INTO messages (session, seq, id, role, state, version, created_at, changed_after_ms, attachments, error, parts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const sessionState = db.prepare(
    'SELECT coalesce(sum(state < 2), 0) AS open, coalesce(sum(version), 0) AS versions FROM messages WHERE session = ?',
  )
  const archiveSession = db.prepare('UPDATE sessions SET archived = ? WHERE key = ?')
  const dropParts = db.prepare('UPDATE messages SET parts = NULL WHERE session = ?')
  const putParts = db.prepare('UPDATE messages SET parts = ? WHERE session = ? AND seq = ?')
  const holdSession = db.prepare('UPDATE sessions SET held = ? WHERE key = ?')
  const deleteSession = db.prepare('DELETE FROM sessions WHERE key = ?')
  const findKey = db.prepare('SELECT digest, first_seq FROM idempotency WHERE session = ? AND key = ?')
  const insertKey = db.prepare('INSERT INTO idempotency (session, key, digest, first_seq) VALUES (?, ?, ?, ?)')
  const insertMessage = db.prepare(
    'INSERT INTO messages (session, seq, id, role, state, created_at, attachments, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const findMessage = db.prepare('SELECT n, state, version, created_at FROM messages WHERE session = ? AND id = ?')
  const updateMessage = db.prepare('UPDATE messages SET state = ?, parts = ?, error = ?, changed_after_ms = ? WHERE n = ?')
  const updateState = db.prepare('UPDATE messages SET state = ?, changed_after_ms = ? WHERE n = ?')
  const editMessage = db.prepare('UPDATE messages SET parts = ?, version = version + 1, changed_after_ms = ? WHERE n = ?')
  const findStreaming = db.prepare('SELECT n, created_at FROM messages WHERE state = 1 ORDER BY n')
  const failMessage = db.prepare('UPDATE messages SET state = 3, error = ?, changed_after_ms = ? WHERE n = ?')
  const probe = db.prepare('INSERT INTO probe (key, at) VALUES (1, ?) ON CONFLICT (key) DO UPDATE SET at = excluded.at')

  const sessionOf = (scope: Scope, id: string) =>
    findSession.get(uuidToBytes(id), scope.bot, scope.user) as { key: number, message_count: number, archived: number | null, held: number } | undefined
  const messageOf = (session: number, id: string) =>
    findMessage.get(session, uuidToBytes(id)) as { n: number, state: number, version: number, created_at: number } | undefined

  const scopeKey = (scope: Scope): number =>
    (findScope.get(scope.bot, scope.user) as { key: number } | undefined)?.key
    ?? (insertScope.run(scope.bot, scope.user).lastInsertRowid as number)

  const create = ({ scope, id, title, at }: WriteOpOf<'create'>): WriteOutcome => {
    const bytes = uuidToBytes(id)
    if (sessionTaken.get(bytes)) return failed('conflict', `The session id "${id}" is taken.`)
    insertSession.run(bytes, scopeKey(scope), title, at, at)
    return done
  }

  const attach = ({ scope, session, attachment: a, at }: WriteOpOf<'attach'>): WriteOutcome => {
    const row = sessionOf(scope, session)
    if (!row) return noSession(session)
    insertFile.run(row.key, a.id, a.name, a.mediaType, a.bytes, a.sha256, at)
    return done
  }

  const archive = (op: WriteOpOf<'archive'>): WriteOutcome => {
    const row = sessionOf(op.scope, op.session)
    if (!row) return noSession(op.session)
    const { open, versions } = sessionState.get(row.key) as { open: number, versions: number }
    if (row.archived !== null || row.message_count !== op.messages || open > 0 || versions !== op.versions) {
      return failed('conflict', `The session "${op.session}" changed while it was being archived.`)
    }
    archiveSession.run(op.bytes, row.key)
    dropParts.run(row.key)
    return done
  }

  const thaw = ({ scope, session, parts }: WriteOpOf<'thaw'>): WriteOutcome => {
    const row = sessionOf(scope, session)
    if (!row) return noSession(session)
    if (row.archived === null) return done
    if (parts.length !== row.message_count) return failed('data_corrupt', `The archive of session "${session}" lacks messages.`)
    for (const [i, json] of parts.entries()) putParts.run(json, row.key, i + 1)
    archiveSession.run(null, row.key)
    return done
  }

  const restore = ({ scope, session, messages, files, at }: WriteOpOf<'import'>): WriteOutcome => {
    const bytes = uuidToBytes(session.id)
    if (sessionTaken.get(bytes)) return failed('conflict', `The session id "${session.id}" is taken.`)
    const { title, data, createdAt, updatedAt } = session
    const key = importedSession.run(bytes, scopeKey(scope), title, data, messages.length, createdAt, updatedAt).lastInsertRowid as number
    for (const [i, m] of messages.entries()) {
      const { lastInsertRowid } = importedMessage.run(
        key, i + 1, uuidToBytes(m.id), roles.indexOf(m.role), states.indexOf(m.state), m.version, m.createdAt, m.updatedAt - m.createdAt,
        m.attachments, m.error, m.parts,
      )
      index.note(lastInsertRowid as number)
    }
    for (const f of files) insertFile.run(key, f.id, f.name, f.mediaType, f.bytes, f.sha256, at)
    return done
  }

  const add = ({ scope, session, messages, idempotency, at }: WriteOpOf<'add'>): WriteOutcome => {
    const row = sessionOf(scope, session)
    if (!row) return noSession(session)
    if (row.archived !== null) return isArchived(session)
    if (idempotency) {
      const first = findKey.get(row.key, idempotency.key) as { digest: string, first_seq: number } | undefined
      if (first?.digest === idempotency.digest) return { value: { firstSeq: first.first_seq, repeated: true } }
      if (first) return failed('conflict', `The idempotency key "${idempotency.key}" was used with other content.`)
    }
    for (const { id } of messages) {
      if (messageOf(row.key, id)) return failed('conflict', `The message id "${id}" is taken.`)
    }
    const firstSeq = row.message_count + 1
    let seq = row.message_count
    for (const m of messages) {
      const state = states.indexOf(m.state)
      const { lastInsertRowid } = insertMessage.run(row.key, ++seq, uuidToBytes(m.id), roles.indexOf(m.role), state, at, m.attachments, m.parts)
      if (state > 1) index.note(lastInsertRowid as number)
    }
    if (idempotency) insertKey.run(row.key, idempotency.key, idempotency.digest, firstSeq)
    touchSession.run(seq, at, row.key)
    return { value: { firstSeq, repeated: false } }
  }

  const open = ({ scope, session, message, at }: WriteOpOf<'open'>): WriteOutcome => {
    const row = sessionOf(scope, session)
    if (!row) return noSession(session)
    const reply = messageOf(row.key, message)
    if (!reply) return noMessage(message)
    if (reply.state !== 0) return failed('conflict', `The message "${message}" is ${states[reply.state]}, not pending.`)
    updateState.run(1, Math.max(0, at - reply.created_at), reply.n)
    return done
  }

  const save = (op: WriteOpOf<'save'>): WriteOutcome => {
    const row = sessionOf(op.scope, op.session)
    if (!row) return noSession(op.session)
    const reply = messageOf(row.key, op.message)
    if (!reply) return noMessage(op.message)
    if (reply.state !== 1) return failed('conflict', `The message "${op.message}" is ${states[reply.state]}, not streaming.`)
    const state = states.indexOf(op.state)
    updateMessage.run(state, op.parts, op.error && JSON.stringify(op.error), Math.max(0, op.at - reply.created_at), reply.n)
    if (state > 1) {
      touchSession.run(row.message_count, op.at, row.key)
      index.note(reply.n)
    }
    return done
  }

  const edit = (op: WriteOpOf<'edit'>): WriteOutcome => {
    const row = sessionOf(op.scope, op.session)
    if (!row) return noSession(op.session)
    if (row.archived !== null) return isArchived(op.session)
    const message = messageOf(row.key, op.message)
    if (!message) return noMessage(op.message)
    if (message.state < 2) return failed('conflict', `The message "${op.message}" is ${states[message.state]}: it cannot be edited yet.`)
    if (message.version !== op.ifVersion) {
      return failed('conflict', `The message "${op.message}" has version ${message.version}, not ${op.ifVersion}.`)
    }
    index.remove(index.rowOf(message.n)!)
    index.note(message.n)
    editMessage.run(op.parts, Math.max(0, op.at - message.created_at), message.n)
    return done
  }

  const remove = ({ scope, session }: WriteOpOf<'delete'>): WriteOutcome => {
    const row = sessionOf(scope, session)
    if (!row) return noSession(session)
    if (row.held !== 0) return failed('conflict', `The session "${session}" is held: it may not be deleted.`)
    if (row.archived !== null) return isArchived(session)
    // Nobody can reach it from here on; its rows go in steps, so that no other write waits long.
    hideSession.run(row.key)
    return done
  }

  const purge = ({ most }: WriteOpOf<'purge'>): WriteOutcome => {
    const session = leaving.get() as { key: number } | undefined
    if (!session) return { value: { left: 0, files: [] } }
    const rows = lastOf.all(session.key, most) as unknown as (IndexedRow & { state: number })[]
    for (const row of rows) {
      if (row.state > 1) index.remove(row)
      deleteMessage.run(row.n)
    }
    let unused: string[] = []
    if (rows.length < most) {
      const files = (filesOf.all(session.key) as { sha256: string }[]).map(row => row.sha256)
      deleteFiles.run(session.key)
      unused = files.filter(sha256 => !fileUsed.get(sha256))
      deleteKeys.run(session.key)
      deleteSession.run(session.key)
    }
    return { value: { left: (countLeaving.get() as { n: number }).n, files: unused } }
  }

  const recover = ({ at }: WriteOpOf<'recover'>): WriteOutcome => {
    const rows = findStreaming.all() as { n: number, created_at: number }[]
    const error = JSON.stringify({ code: 'internal', message: 'The program stopped while this reply was being written.' })
    for (const { n, created_at } of rows) {
      failMessage.run(error, Math.max(0, at - created_at), n)
      index.note(n)
    }
    return { value: { failed: rows.map(row => row.n) } }
  }

  return op => {
    switch (op.kind) {
      case 'create': return create(op)
      case 'add': return add(op)
      case 'open': return open(op)
      case 'save': return save(op)
      case 'edit': return edit(op)
      case 'delete': return remove(op)
      case 'attach': return attach(op)
      case 'archive': return archive(op)
      case 'thaw': return thaw(op)
      case 'hold': {
        const row = sessionOf(op.scope, op.session)
        if (!row) return noSession(op.session)
        holdSession.run(op.held ? 1 : 0, row.key)
        return done
      }
      case 'import': return restore(op)
      case 'recover': return recover(op)
      case 'purge': return purge(op)
      case 'index': {
        index.indexSome(op.most)
        return { value: { left: index.waiting() } }
      }
      case 'title': {
        const row = sessionOf(op.scope, op.session)
        if (!row) return noSession(op.session)
        updateTitle.run(op.title, op.at, row.key)
        return done
      }
      case 'data': {
        const row = sessionOf(op.scope, op.session)
        if (!row) return noSession(op.session)
        updateData.run(op.data, row.key)
        return done
      }
      case 'probe': {
        probe.run(op.at)
        return done
      }
    }
  }
}
