import type { DatabaseSync } from 'node:sqlite'
import type { ColdParts } from '../archive/archive-file.ts'
import { bytesToUuid } from '../ids.ts'
import type { Attachment } from '../message.ts'
import { decodeParts } from '../parts-json.ts'
import { searchableText } from '../search/searchable-text.ts'
import { indexText, tokenizerVersion } from '../search/tokenize.ts'

/*
 * The full-text index has no text of its own (contentless), and a row's number in it says whose the row is: those of
 * one scope are one range, in the order they were said. So a search looks at no other scope's rows, and has the
 * newest first without sorting. What a filter can ask for is a token in the column `tags`.
 *
 * A message that is final and not in the index is in `unindexed`; both change in one transaction.
 */

/** Rows of one scope have numbers from `scope * scopeRange`. */
export const scopeRange = 2 ** 32

/** The token of a session's messages. */
export const sessionTag = (key: number): string => `s${key}`
/** The tokens of roles, by the number that stands for each. */
export const roleTags: readonly string[] = ['ru', 'rb', 'rs']
/** The token of messages with attachments. */
export const attachmentTag = 'att'
/** The token of a day in UTC. */
export const dayTag = (at: number): string => `d${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}`
/** The token of a month in UTC. */
export const monthTag = (at: number): string => `m${new Date(at).toISOString().slice(0, 7).replaceAll('-', '')}`

/** The token of a year in UTC. */
export const yearTag = (at: number): string => `y${new Date(at).getUTCFullYear()}`

/** What the index needs to know of a message. */
export interface IndexedRow {
  readonly n: number
  readonly scope: number
  readonly session: number
  readonly role: number
  readonly created_at: number
  readonly attachments: string | null
  readonly parts: string | null
  readonly seq: number
  readonly session_id: Uint8Array
}

const tagsOf = ({ session, role, created_at, attachments }: IndexedRow): string =>
  `${sessionTag(session)} ${roleTags[role]} ${dayTag(created_at)} ${monthTag(created_at)} ${yearTag(created_at)}${attachments === null ? '' : ` ${attachmentTag}`}`

const textOfRow = ({ parts, attachments, session_id, seq }: IndexedRow, cold: ColdParts): string =>
  indexText(searchableText(parts === null ? cold(bytesToUuid(session_id), seq) : decodeParts(parts), attachments === null ? [] : (JSON.parse(attachments) as Attachment[])))

/** Keeps the index. Every call belongs inside a transaction. */
export interface MessageIndex {
  /** How many messages wait to be indexed. */
  waiting(): number
  /** Notes that a message is to be indexed. */
  note(n: number): void
  /** Indexes messages that wait, the oldest first. */
  indexSome(most: number): void
  /** Takes a message out of the index, or off the list of those that wait. Its row must still be as it was. */
  remove(row: IndexedRow): void
  /** Reads what {@link MessageIndex.remove} needs. */
  rowOf(n: number): IndexedRow | undefined
}

/** The columns of {@link IndexedRow}. */
export const indexedColumns = 'm.n, abs(s.scope) AS scope, m.session, m.role, m.created_at, m.attachments, m.parts, m.seq, s.id AS session_id'

/** Prepares the index; makes it anew when it was made by other rules than today's. */
export const openMessageIndex = (db: DatabaseSync, cold: ColdParts): MessageIndex => {
  const rules = db.prepare("SELECT value FROM settings WHERE key = 'tokenizer'").get() as { value: string } | undefined
  if (rules?.value !== tokenizerVersion) {
    db.exec("BEGIN IMMEDIATE; INSERT INTO message_index (message_index) VALUES ('delete-all'); DELETE FROM unindexed")
    db.exec('INSERT INTO unindexed (n) SELECT n FROM messages WHERE state >= 2')
    db.prepare("INSERT OR REPLACE INTO settings (key, value) VALUES ('tokenizer', ?)").run(tokenizerVersion)
    db.exec('COMMIT')
  }
  const insertNote = db.prepare('INSERT OR IGNORE INTO unindexed (n) VALUES (?)')
  const dropNote = db.prepare('DELETE FROM unindexed WHERE n = ?')
  const oldest = db.prepare(
    `SELECT ${indexedColumns} FROM unindexed u JOIN messages m ON m.n = u.n JOIN sessions s ON s.key = m.session ORDER BY u.n LIMIT ?`,
  )
  const dropUntil = db.prepare('DELETE FROM unindexed WHERE n <= ?')
  const countNotes = db.prepare('SELECT count(*) AS n FROM unindexed')
  const insert = db.prepare('INSERT INTO message_index (rowid, tags, text) VALUES (?, ?, ?)')
  const remove = db.prepare("INSERT INTO message_index (message_index, rowid, tags, text) VALUES ('delete', ?, ?, ?)")
  const row = db.prepare(`SELECT ${indexedColumns} FROM messages m JOIN sessions s ON s.key = m.session WHERE m.n = ?`)

  const numberOf = ({ scope, n }: IndexedRow) => scope * scopeRange + n

  return {
    waiting: () => (countNotes.get() as { n: number }).n,
    note: n => void insertNote.run(n),
    indexSome(most) {
      const rows = oldest.all(most) as unknown as IndexedRow[]
      const last = rows.at(-1)
      if (!last) return
      // FTS5 writes out what it holds whenever a number is smaller than the one before.
      for (const r of rows.toSorted((a, b) => numberOf(a) - numberOf(b))) insert.run(numberOf(r), tagsOf(r), textOfRow(r, cold))
      dropUntil.run(last.n)
    },
    remove(r) {
      if (dropNote.run(r.n).changes === 0) remove.run(numberOf(r), tagsOf(r), textOfRow(r, cold))
    },
    rowOf: n => row.get(n) as unknown as IndexedRow | undefined,
  }
}
