import type { DatabaseSync } from 'node:sqlite'

/** Marks a file as ours: "hive" in ASCII. */
const applicationId = 0x68697665

/** The steps from an empty file to the schema of today. A step that has been released is never changed; add another. */
const migrations: readonly string[] = [
  `
  CREATE TABLE scopes (
    key INTEGER PRIMARY KEY,
    bot TEXT NOT NULL,
    user TEXT NOT NULL,
    UNIQUE (bot, user)
  );
  CREATE TABLE sessions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    scope INTEGER NOT NULL REFERENCES scopes (key),
    title TEXT NOT NULL,
    data TEXT,
    message_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX sessions_by_activity ON sessions (scope, updated_at DESC, id DESC);
  CREATE TABLE messages (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES sessions (key),
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    role INTEGER NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    changed_after_ms INTEGER NOT NULL DEFAULT 0,
    attachments TEXT,
    error TEXT,
    parts TEXT
  );
  CREATE UNIQUE INDEX messages_by_seq ON messages (session, seq);
  CREATE UNIQUE INDEX messages_by_id ON messages (session, id);
  CREATE INDEX messages_open ON messages (state) WHERE state < 2;
  CREATE TABLE idempotency (
    session INTEGER NOT NULL REFERENCES sessions (key),
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    PRIMARY KEY (session, key)
  ) WITHOUT ROWID;
  CREATE TABLE probe (key INTEGER PRIMARY KEY, at INTEGER NOT NULL);
  `,
  `
  CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE unindexed (n INTEGER PRIMARY KEY);
  CREATE VIRTUAL TABLE message_index USING fts5 (tags, text, content = '', columnsize = 0, tokenize = 'ascii');
  INSERT INTO message_index (message_index, rank) VALUES ('secure-delete', 1);
  CREATE TABLE attachments (
    session INTEGER NOT NULL REFERENCES sessions (key),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (session, id)
  ) WITHOUT ROWID;
  CREATE INDEX attachments_by_content ON attachments (sha256);
  CREATE INDEX sessions_leaving ON sessions (scope) WHERE scope < 0;
  `,
  `
  ALTER TABLE sessions ADD COLUMN archived INTEGER;
  ALTER TABLE sessions ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
  `,
]

/** Brings a file to the schema of today, in one transaction. Throws where the file is not ours or is too new. */
export const migrate = (db: DatabaseSync): void => {
  const read = (pragma: string) => Object.values(db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] as number
  const version = read('user_version')
  if (version > migrations.length) {
    throw new SchemaError(
      'unsupported',
      `The database has schema ${version}; this version of @hivekit/chat-session knows schemas up to ${migrations.length}. Use a newer one.`,
    )
  }
  const empty = version === 0 && (db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }).n === 0
  if (!empty && read('application_id') !== applicationId) {
    throw new SchemaError('invalid_argument', 'The file is a database, but not one of chat sessions.')
  }
  if (version === migrations.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have migrated while this one waited for the lock.
    for (const step of migrations.slice(read('user_version'))) db.exec(step)
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`)
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** Says why a file cannot be opened, in words for a person. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly failure: 'unsupported' | 'invalid_argument'
  constructor(failure: 'unsupported' | 'invalid_argument', message: string) {
    super(message)
    this.failure = failure
  }
}
