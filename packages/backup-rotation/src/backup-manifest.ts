import { HiveError } from '@hivekit/errors'
import { createHash, randomBytes } from 'node:crypto'

/** Where the bytes of a backup are, and how they are proved. */
export interface BackupPayload {
  /** Key of the archive in the store. Backups of an unchanged source share one. */
  readonly key: string
  /** Stored bytes of the archive. */
  readonly bytes: number
  /** SHA-256 of the archive as stored, in hex. */
  readonly sha256: string
  /** Bytes of the tar archive before compression. */
  readonly rawBytes: number
  /** SHA-256 of the tar archive before compression, in hex. */
  readonly rawSha256: string
  /** How it was compressed. */
  readonly compression: { /** The codec. */ readonly codec: 'zstd'; /** Its level. */ readonly level: number }
  /** Whether and how archive and list of files are encrypted. */
  readonly encryption: 'age' | 'none'
  /** Key, stored bytes and SHA-256 of the list of files. */
  readonly index: { /** Key in the store. */ readonly key: string; /** Size in bytes. */ readonly bytes: number; /** SHA-256, in hex. */ readonly sha256: string }
}

/** One thing that a backup was made of. */
export interface ManifestSource {
  /** What kind of thing. */
  readonly kind: 'folder' | 'file' | 'sqlite' | 'postgres' | 'stream'
  /** Its name within the backup. */
  readonly as: string
  /** Where it was read from, where that can be said without a secret. */
  readonly from: string
}

/** The commit record of a backup: while it is there, the backup is; before it is written, there is none. */
export interface BackupManifest {
  /** Marks the file. */
  readonly format: 'hivekit-backup'
  /** Of the format. */
  readonly version: 1
  /** Unique, and in the order of time. */
  readonly id: string
  /** When it was begun, epoch milliseconds. */
  readonly createdAt: number
  /** Offset of the clock it was made by, in minutes east of UTC. */
  readonly utcOffsetMinutes: number
  /** The machine it was made on. */
  readonly host: string
  /** What it was made of, for grouping. */
  readonly paths: readonly string[]
  /** Labels given by people. */
  readonly tags: readonly string[]
  /** What it was made of, in full. */
  readonly sources: readonly ManifestSource[]
  /** Its bytes. */
  readonly payload: BackupPayload
  /** Number of files. */
  readonly files: number
  /** Bytes of all files together. */
  readonly bytes: number
  /** How many things about the sources did not go as they should; the list of files says which. */
  readonly notes: number
  /** Why it looks unlike its history; rotation waits until a person approves. */
  readonly anomalies: readonly string[]
  /** The lock it was written under. */
  readonly fence: number
}

/** Makes an id: time, to the millisecond, and chance. */
export const newBackupId = (createdAt: number): string =>
  `${new Date(createdAt).toISOString().replace(/[-:.]/g, '').replace('T', '-').replace('Z', '')}-${randomBytes(3).toString('hex')}`

/** What an id looks like. */
export const backupIdPattern = /^\d{8}-\d{9}-[0-9a-f]{6}$/

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Writes a manifest, with a digest of itself. */
export const encodeManifest = (manifest: BackupManifest): Buffer =>
  Buffer.from(`${JSON.stringify({ manifest, sha256: digest(JSON.stringify(manifest)) }, undefined, 2)}\n`)

/** Reads a manifest back. Fails with `data_corrupt` when so much as a bit of it changed. */
export const decodeManifest = (stored: Uint8Array, id: string): BackupManifest => {
  try {
    const text = Buffer.from(stored).toString()
    const { manifest, sha256 } = JSON.parse(text) as { manifest: BackupManifest; sha256: string }
    if (digest(JSON.stringify(manifest)) !== sha256 || encodeManifest(manifest).toString() !== text) throw new Error('Its digest does not match.')
    if (manifest.format !== 'hivekit-backup' || manifest.version !== 1 || manifest.id !== id) throw new Error('It is of another kind.')
    return manifest
  } catch (thrown) {
    throw new HiveError('data_corrupt', `The manifest of backup ${id} is damaged.`, { cause: thrown, details: { id } })
  }
}
