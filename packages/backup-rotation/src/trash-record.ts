import { createHash } from 'node:crypto'
import { HiveError } from '@hivekit/errors'
import type { BackupManifest } from './backup-manifest.ts'
import type { Verification } from './catalog.ts'

/** A backup that was removed and can still be taken back. */
export interface TrashRecord {
  /** When it was removed, epoch milliseconds. */
  readonly trashedAt: number
  /** Why. */
  readonly reason: string
  /** Its commit record. */
  readonly manifest: BackupManifest
  /** What was known of its state. */
  readonly verification: Verification
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Writes a trash record, with a digest of itself. */
export const encodeTrash = (trash: TrashRecord): Buffer =>
  Buffer.from(`${JSON.stringify({ format: 'hivekit-trash', version: 1, trash, sha256: digest(JSON.stringify(trash)) }, undefined, 2)}\n`)

/** Reads it back. Fails with `data_corrupt`. */
export const decodeTrash = (stored: Uint8Array, id: string): TrashRecord => {
  try {
    const { trash, sha256 } = JSON.parse(Buffer.from(stored).toString()) as { trash: TrashRecord; sha256: string }
    if (digest(JSON.stringify(trash)) !== sha256 || trash.manifest.id !== id) throw new Error('Its digest does not match.')
    return trash
  } catch (thrown) {
    throw new HiveError('data_corrupt', `The trash record of backup ${id} is damaged.`, { cause: thrown, details: { id } })
  }
}
