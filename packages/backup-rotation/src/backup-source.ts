import { HiveError } from '@hivekit/errors'
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { ManifestSource } from './backup-manifest.ts'
import { checkArchivePath } from './archive-path.ts'
import { toHiveError } from './failure.ts'
import type { BackupNote } from './file-index.ts'
import { planEntry, scanFolder, type PlannedEntry } from './scan-folder.ts'

/** A folder and all below it. Links are stored, not followed. */
export interface FolderSource {
  /** Marks a folder. */
  readonly kind: 'folder'
  /** Where it is. */
  readonly path: string
  /** Its name within the backup. Default: the last part of the path. */
  readonly as?: string
  /** Leaves out what it answers true for; gets the path below the folder, with `/` between parts. */
  readonly exclude?: (path: string) => boolean
}

/** One file. */
export interface FileSource {
  /** Marks a file. */
  readonly kind: 'file'
  /** Where it is. */
  readonly path: string
  /** Its name within the backup. Default: the last part of the path. */
  readonly as?: string
}

/** A SQLite database, copied through SQLite's online backup: whole and consistent while others write to it. */
export interface SqliteSource {
  /** Marks a SQLite database. */
  readonly kind: 'sqlite'
  /** Where it is. */
  readonly path: string
  /** Its name within the backup. Default: the last part of the path. */
  readonly as?: string
}

/** A PostgreSQL database, dumped by `pg_dump --format=custom`, which must be on PATH; restore it with `pg_restore`. */
export interface PostgresSource {
  /** Marks a PostgreSQL database. */
  readonly kind: 'postgres'
  /** Connection URL. Its password goes to `pg_dump` through the environment and is written nowhere. */
  readonly url: string
  /** Its name within the backup. Default: the database's name and `.dump`. */
  readonly as?: string
  /** The command. Default `pg_dump`. */
  readonly command?: string
}

/** Anything that can be read once, like the export of a service. */
export interface StreamSource {
  /** Marks a stream. */
  readonly kind: 'stream'
  /** Its name within the backup. */
  readonly as: string
  /** Opens the content. */
  readonly open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>
}

/** What a backup is made of. */
export type BackupSource = FolderSource | FileSource | SqliteSource | PostgresSource | StreamSource

/** Says what a source is called and where it is from, without secrets. */
export const describeSource = (source: BackupSource): ManifestSource => {
  const described = ((): ManifestSource => {
    if (source.kind === 'stream') return { kind: 'stream', as: source.as, from: source.as }
    if (source.kind === 'postgres') {
      const { host, pathname } = new URL(source.url)
      return { kind: 'postgres', as: source.as ?? `${pathname.slice(1)}.dump`, from: `postgres://${host}${pathname}` }
    }
    const from = resolve(source.path)
    return { kind: source.kind, as: source.as ?? (basename(from) || 'root'), from }
  })()
  try {
    checkArchivePath(described.as)
  } catch (thrown) {
    throw new RangeError(`Expected a plain relative name for a source, got ${JSON.stringify(described.as)}.`, { cause: thrown })
  }
  return described
}

/** Lists what a source holds; what cannot be packed where it is gets copied into the scratch folder first. */
export const planSource = async (source: BackupSource, { scratch, note, signal }: {
  readonly scratch: string; readonly note: (note: BackupNote) => void; readonly signal: AbortSignal | undefined
}): Promise<PlannedEntry[]> => {
  const { as } = describeSource(source)
  const spooled = join(scratch, as.replaceAll('/', '+'))
  try {
    if (source.kind === 'folder') return await scanFolder(source.path, { as, exclude: source.exclude, note, signal })
    if (source.kind === 'sqlite') await copySqlite(source.path, spooled)
    if (source.kind === 'postgres') await dumpPostgres(source, spooled, signal)
    if (source.kind === 'stream') await pipeline(Readable.from(await source.open()), createWriteStream(spooled, { mode: 0o600 }), signal ? { signal } : {})
  } catch (thrown) {
    const error = toHiveError(thrown)
    throw new HiveError(error.code, `The source ${JSON.stringify(as)} cannot be read: ${error.message}`, { cause: thrown, details: error.details })
  }
  const planned = planEntry(source.kind === 'file' ? source.path : spooled, as)
  if (planned === 'skipped' || planned.entry.type !== 'file') throw new HiveError('invalid_argument', `The source ${JSON.stringify(as)} is no file.`)
  return [planned]
}

/** The online backup API where node has it (22.16 and later), else `VACUUM INTO`: both are one consistent snapshot. */
const copySqlite = async (path: string, into: string): Promise<void> => {
  const sqlite = await import('node:sqlite')
  await rm(into, { force: true })
  const database = new sqlite.DatabaseSync(path, { readOnly: true })
  try {
    database.exec('PRAGMA busy_timeout = 10000')
    const { backup } = sqlite as Partial<Pick<typeof sqlite, 'backup'>>
    if (backup) await backup(database, into, { rate: 2_000 })
    else database.prepare('VACUUM INTO ?').run(into)
  } finally {
    database.close()
  }
}

const dumpPostgres = async ({ url, command = 'pg_dump' }: PostgresSource, into: string, signal: AbortSignal | undefined): Promise<void> => {
  const bare = new URL(url)
  const password = decodeURIComponent(bare.password)
  bare.password = ''
  const dump = spawn(command, ['--format=custom', '--no-password', '--file', into, '--dbname', bare.href], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...(password && { PGPASSWORD: password }) }, ...(signal && { signal }),
  })
  let said = ''
  dump.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_000)))
  const code = await new Promise<number | null>((settle, reject) => dump.once('error', reject).once('close', settle))
  await finished(dump.stderr).catch(() => {})
  if (code !== 0) throw new HiveError('dependency_failed', `${command} ended with ${code ?? 'a signal'}: ${said.trim()}`)
}
