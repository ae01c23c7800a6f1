import { DatabaseSync } from 'node:sqlite'
import { readArchive } from '../archive/archive-file.ts'
import { bytesToUuid } from '../ids.ts'
import type { IntegrityReport } from '../session-store.ts'

/** Checks what SQLite does not know: that counts, places and rows agree. */
const invariants: readonly (readonly [problem: string, sql: string])[] = [
  [
    'session % has a message count, or places with a gap, that its rows do not bear out',
    `SELECT s.key AS which FROM sessions s LEFT JOIN messages m ON m.session = s.key WHERE s.scope > 0 GROUP BY s.key
     HAVING count(m.n) <> s.message_count OR coalesce(max(m.seq), 0) <> s.message_count`,
  ],
  ['message % belongs to no session', 'SELECT n AS which FROM messages WHERE session NOT IN (SELECT key FROM sessions)'],
  ['session % belongs to no scope', 'SELECT key AS which FROM sessions WHERE abs(scope) NOT IN (SELECT key FROM scopes)'],
  ['message % holds something that is not JSON', 'SELECT n AS which FROM messages WHERE parts IS NOT NULL AND NOT json_valid(parts)'],
  [
    'message % is final, but neither in the index nor on the list of those to be indexed',
    `SELECT n AS which FROM messages m JOIN sessions s ON s.key = m.session WHERE state >= 2
     AND abs(s.scope) * 4294967296 + n NOT IN (SELECT rowid FROM message_index WHERE message_index MATCH 'tags : (ru OR rb OR rs)')
     AND n NOT IN (SELECT n FROM unindexed)`,
  ],
  [
    'the index knows message %, which is not there, not final or on the list of those to be indexed',
    `SELECT i.rowid % 4294967296 AS which FROM message_index i LEFT JOIN messages m ON m.n = i.rowid % 4294967296
     LEFT JOIN unindexed u ON u.n = m.n WHERE message_index MATCH 'tags : (ru OR rb OR rs)' AND (m.n IS NULL OR m.state < 2 OR u.n IS NOT NULL)`,
  ],
  ['an idempotency key belongs to no session %', 'SELECT session AS which FROM idempotency WHERE session NOT IN (SELECT key FROM sessions)'],
]

/** Reads the whole file over a connection of its own. */
export const checkDatabase = (path: string, archiveFolder: string): IntegrityReport => {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    const pages = db.prepare('PRAGMA integrity_check(100)').all().map(row => String(Object.values(row)[0])).filter(line => line !== 'ok')
    const rows = invariants.flatMap(([problem, sql]) =>
      db.prepare(`${sql} LIMIT 20`).all().map(({ which }) => problem.replace('%', String(which))))
    const archived = db.prepare('SELECT id, message_count FROM sessions WHERE archived IS NOT NULL AND scope > 0').all() as { id: Uint8Array, message_count: number }[]
    const archives = archived.flatMap(({ id, message_count }) => {
      const sessionId = bytesToUuid(id)
      try {
        return readArchive(archiveFolder, sessionId).length === message_count ? [] : [`The archive of session "${sessionId}" lacks messages.`]
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)]
      }
    })
    const problems = [...pages, ...rows, ...archives].slice(0, 100)
    return { ok: problems.length === 0, problems }
  } finally {
    db.close()
  }
}
