import { HiveError } from '@hivekit/errors'
import { createWriteStream } from 'node:fs'
import { link, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { restoreBackup } from './restore-backup.ts'
import type { VaultContext } from './vault-context.ts'
import type { BackupProgress } from './vault-event.ts'

/** What to export as a zip file. */
export interface ExportZipRequest {
  /** Which backup. */
  readonly id: string
  /** A file that does not exist yet. */
  readonly file: string
  /** Told how far it has come. */
  readonly onProgress?: (progress: BackupProgress) => void
  /** Cancels; no file appears then. */
  readonly signal?: AbortSignal
}

/** Writes a backup as a zip file for a person to open. It goes through a restore, so that what is zipped was checked. */
export const exportZip = async (context: VaultContext, { id, file, onProgress, signal }: ExportZipRequest): Promise<{ file: string; files: number }> => {
  const target = resolve(file)
  const scratch = await mkdtemp(join(dirname(target), '.hivekit-zip-'))
  try {
    const content = join(scratch, 'content')
    const { files } = await restoreBackup(context, {
      id, into: content, outsideLinks: 'skip', ...(signal && { signal }), onProgress: progress => onProgress?.({ ...progress, phase: 'export' }),
    })
    const { ZipArchive } = await import('archiver')
    const zip = new ZipArchive({ zlib: { level: 6 } })
    zip.directory(content, false)
    const draft = join(scratch, 'backup.zip')
    await Promise.all([pipeline(zip, createWriteStream(draft, { flags: 'wx', mode: 0o600 }), signal ? { signal } : {}), zip.finalize()])
    await link(draft, target).catch((thrown: unknown) => {
      throw thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST' ? new HiveError('conflict', `${target} exists already.`) : thrown
    })
    return { file: target, files }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
