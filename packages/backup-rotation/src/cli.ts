#!/usr/bin/env node
import type { HiveError, Result } from '@hivekit/errors'
import { statSync } from 'node:fs'
import { commandHelp } from './command-help.ts'
import { readBytes, readCommandLine, readCount, readPolicy, readSpanMs, type CommandOptions } from './command-options.ts'
import { columns, humanBytes, humanTime, openProgress } from './command-output.ts'
import type { BackupSource } from './backup-source.ts'
import type { BackupStore } from './backup-store.ts'
import { encryptionFromEnvironment } from './encryption.ts'
import { openBackupVault, type BackupVault } from './open-backup-vault.ts'
import type { VerifyDepth } from './verify-backup.ts'

/** What a command came to: an exit code, what `--json` prints, and what a person reads. */
interface Outcome {
  readonly code: number
  readonly json: unknown
  readonly text: string
}

const exitCodes: Readonly<Record<string, number>> = { conflict: 5, storage_full: 6, data_corrupt: 4, invalid_argument: 2 }

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals: [command, ...rest] } = readCommandLine(args)
  if (values.help || command === undefined) {
    (values.help ? console.log : console.error)(commandHelp)
    return values.help ? 0 : 2
  }
  const run = commands[command]
  if (!run) throw new RangeError(`Unknown command ${JSON.stringify(command)}; see hive-backup --help.`)
  const abort = new AbortController()
  const stop = (): void => abort.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const progress = await openProgress(values.json ?? false)
  try {
    const policy = readPolicy(values)
    const encryption = encryptionFromEnvironment()
    await using vault = openBackupVault({
      store: await openStore(values.vault ?? process.env.HIVE_BACKUP_VAULT), ...(policy && { policy }), ...(encryption && { encryption }),
      ...(values.quota !== undefined && { quotaBytes: readBytes('quota', values.quota) }),
      ...(values.level !== undefined && { compressionLevel: readCount('level', values.level) }),
    })
    const result = await run({ vault, values, rest, onProgress: progress.show, signal: abort.signal })
    progress.stop()
    return result.match(({ code, json, text }) => {
      console.log(values.json ? JSON.stringify(json) : text)
      return code
    }, error => {
      if (values.json) console.log(JSON.stringify({ error: { code: error.code, message: error.message, details: error.details } }))
      else console.error(`hive-backup: ${error.message}`)
      return exitCodes[error.code] ?? 1
    })
  } finally {
    progress.stop()
  }
}

const openStore = async (where: string | undefined): Promise<string | BackupStore> => {
  if (!where) throw new RangeError('Where are the backups? Give --vault FOLDER or set HIVE_BACKUP_VAULT.')
  if (!where.startsWith('s3://')) return where
  const { openS3Store } = await import('./engines/s3.ts')
  const { host: bucket, pathname } = new URL(where)
  const endpoint = process.env.HIVE_BACKUP_S3_ENDPOINT
  return openS3Store({ bucket, prefix: pathname.slice(1), ...(endpoint && { endpoint }) })
}

interface Call {
  readonly vault: BackupVault
  readonly values: CommandOptions
  readonly rest: readonly string[]
  readonly onProgress: Awaited<ReturnType<typeof openProgress>>['show']
  readonly signal: AbortSignal
}

const one = (rest: readonly string[]): string => {
  if (rest.length === 1) return rest[0]!
  throw new RangeError(`Expected the id of one backup, got ${rest.length} arguments.`)
}

const readDepth = (text = 'deep'): VerifyDepth => {
  const [, part, of] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  return part === undefined ? (text as VerifyDepth) : { part: Number(part), of: Number(of) }
}

const commands: Readonly<Record<string, (call: Call) => Promise<Result<Outcome, HiveError>>>> = {
  create: async ({ vault, values, rest, onProgress, signal }) => {
    const exclude = values.exclude && ((path: string) => values.exclude!.some(text => path.includes(text)))
    const sources: BackupSource[] = [
      ...rest.map((path): BackupSource => (statSync(path).isDirectory() ? { kind: 'folder', path, ...(exclude && { exclude }) } : { kind: 'file', path })),
      ...(values.sqlite ?? []).map((path): BackupSource => ({ kind: 'sqlite', path })),
      ...(values.postgres ?? []).map((url): BackupSource => ({ kind: 'postgres', url })),
    ]
    const made = await vault.create({ sources, tags: values.tag ?? [], force: values.force ?? false, onProgress, signal })
    if (made.isErr()) return made.map(() => undefined as never)
    const { backup, unchanged, notes } = made.value
    const checked = values.verify ? await vault.verify({ ids: [backup.id], onProgress, signal }) : undefined
    const proof = checked?.map(report => report.sound)
    if (proof?.isErr()) return proof.map(() => undefined as never)
    const sound = proof?.isOk() ? proof.value : true
    return made.map(() => ({
      code: sound ? (notes.length > 0 ? 3 : 0) : 4, json: { ...made.value, ...(values.verify && { sound }) },
      text: [
        `${backup.id}: ${backup.files} files, ${humanBytes(backup.bytes)}, ${unchanged ? 'nothing changed since the last backup' : `${humanBytes(backup.payload.bytes)} stored`}`,
        ...(values.verify ? [sound ? 'Decoded and compared: whole.' : 'It does not verify.'] : []),
        ...notes.map(note => `${note.path}: ${note.what}`),
        ...backup.anomalies.map(anomaly => `Unlike its history: ${anomaly}. Rotation waits for hive-backup approve ${backup.id}.`),
      ].join('\n'),
    }))
  },
  list: async ({ vault, signal }) => (await vault.list({ signal })).map(backups => ({
    code: 0, json: backups,
    text: backups.length === 0 ? 'There are no backups yet.' : columns(['ID', 'MADE', 'STATE', 'FILES', 'SIZE', 'STORED', 'TAGS', 'PATHS'], backups.map(backup => [
      backup.id, humanTime(backup.createdAt), backup.verification.state, String(backup.files), humanBytes(backup.bytes), humanBytes(backup.payload.bytes),
      backup.tags.join(','), backup.paths.join(' '),
    ])),
  })),
  verify: async ({ vault, values, rest, onProgress, signal }) => (await vault.verify({
    depth: readDepth(values.depth), onProgress, signal, ...(rest.length > 0 && { ids: rest }), ...(values.budget !== undefined && { budgetMs: readSpanMs('budget', values.budget) }),
  })).map(report => ({
    code: report.sound ? 0 : 4, json: report,
    text: [
      ...report.checked.map(({ id, verification: { state, finding } }) => `${id}  ${state}${finding ? `: ${finding}` : ''}`),
      report.left > 0 ? `${report.left} were left for the next run.` : `${report.checked.length} looked at.`,
    ].join('\n'),
  })),
  restore: async ({ vault, values, rest, onProgress, signal }) => {
    const id = one(rest)
    if (values.zip !== undefined) {
      return (await vault.exportZip({ id, file: values.zip, onProgress, signal })).map(report => ({ code: 0, json: report, text: `${report.files} files in ${report.file}` }))
    }
    if (values.into === undefined) throw new RangeError('Where to? Give --into a folder that does not exist yet, or --zip a file.')
    const { only } = values
    const links = values.links ?? 'refuse'
    if (links !== 'refuse' && links !== 'keep' && links !== 'skip') throw new RangeError(`Expected --links refuse, keep or skip, got ${JSON.stringify(links)}.`)
    return (await vault.restore({
      id, into: values.into, outsideLinks: links, dryRun: values['dry-run'] ?? false, onProgress, signal,
      ...(only && { only: (path: string) => only.some(prefix => path === prefix || path.startsWith(`${prefix}/`) || prefix.startsWith(`${path}/`)) }),
    })).map(report => ({
      code: 0, json: report,
      text: `${report.files} files, ${humanBytes(report.bytes)}, every digest checked: ${values['dry-run'] ? `would be in ${report.into}` : report.into}`,
    }))
  },
  rotate: async ({ vault, values, signal }) => {
    const dryRun = values['dry-run'] ?? false
    return (await vault.rotate({ dryRun, signal })).map(report => ({
      code: report.blocked.length > 0 ? 7 : 0, json: report,
      text: [
        ...report.kept.map(({ id, reasons, protectedBy }) => `keep    ${id}  ${protectedBy ?? reasons.map(reason => reason.text).join(', ')}`),
        ...report.removed.map(({ id, reason }) => `${dryRun ? 'would trash' : 'trashed'} ${id}  ${reason}`),
        ...report.deferred.map(id => `next run ${id}`), ...report.purged.map(id => `${dryRun ? 'would purge' : 'purged'} ${id}`),
        ...report.blocked.map(({ set, reason }) => `Blocked (${set}): ${reason}.`),
      ].join('\n'),
    }))
  },
  explain: async ({ vault, rest }) => (await vault.explain(one(rest))).map(explanation => ({ code: 0, json: explanation, text: explanation.sentence })),
  forecast: async ({ vault, values }) => (await vault.forecast({
    years: Number(values.years ?? 3), ...(values.every !== undefined && { schedule: { everyMs: readSpanMs('every', values.every) } }),
  })).map(points => ({
    code: 0, json: points, text: columns(['AT', 'BACKUPS', 'STORED', 'OLDEST'], points.map(point => [humanTime(point.at), String(point.backups), humanBytes(point.bytes), humanTime(point.oldest)])),
  })),
  undelete: async ({ vault, rest, signal }) => (await vault.undelete(one(rest), { signal })).map(backup => ({ code: 0, json: backup, text: `${backup.id} is back.` })),
  approve: async ({ vault, rest, signal }) => (await vault.approve(one(rest), { signal })).map(() => ({ code: 0, json: { approved: one(rest) }, text: `${one(rest)} is approved.` })),
  orphans: async ({ vault, values, signal }) => (await vault.orphans({
    clean: (values.clean ?? false) && !values['dry-run'], signal, ...(values['min-age'] !== undefined && { minAgeMs: readSpanMs('min-age', values['min-age']) }),
  })).map(report => ({
    code: 0, json: report,
    text: report.found.length === 0 ? 'There are no orphans.' : columns(['KIND', 'KEY', 'SIZE', 'SINCE', 'REASON', 'DONE'], report.found.map(orphan => [
      orphan.kind, orphan.key, humanBytes(orphan.bytes), humanTime(orphan.modifiedAt), orphan.reason, report.cleaned.includes(orphan.key) ? 'cleaned' : '',
    ])),
  })),
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  console.error(`hive-backup: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  process.exitCode = 2
}
