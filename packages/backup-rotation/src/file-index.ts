import { HiveError } from '@hivekit/errors'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

/** One thing in a backup. */
export interface FileEntry {
  /** Its path within the backup, `/` between parts, never absolute and without `.` or `..`. */
  readonly path: string
  /** A file, a folder, or a symbolic link. */
  readonly type: 'file' | 'folder' | 'link'
  /** Bytes of content; 0 unless a file. */
  readonly size: number
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number
  /** When it was last changed, epoch milliseconds with fractions. */
  readonly modifiedAt: number
  /** SHA-256 of a file's content as it was stored, in hex. */
  readonly sha256?: string
  /** Where a link points. */
  readonly target?: string
  /** Inode number and time of the last change of the inode, to notice that nothing changed since. */
  readonly seen?: readonly [inode: number, changedAt: number]
}

/** Something about the sources that did not go as it should; the backup was made all the same. */
export interface BackupNote {
  /** The path, within the backup where it has one there. */
  readonly path: string
  /**
   * What happened: the file `grew` (the rest is left out), `shrank` (zeros stand for the rest), `changed` while it was read,
   * `vanished` before it was, was `unreadable`, or is `skipped` because it is neither a file, a folder nor a link.
   */
  readonly what: 'grew' | 'shrank' | 'changed' | 'vanished' | 'unreadable' | 'skipped'
}

/** One zstd frame of an archive: its stored and its raw size in bytes, and the CRC-32 of what is stored. */
export type ArchiveFrame = readonly [storedBytes: number, rawBytes: number, crc32: number]

/** What an archive holds, and where: stored beside it. */
export interface FileIndex {
  /** Every entry, in the archive's order. */
  readonly entries: readonly FileEntry[]
  /** The archive's frames, in order. */
  readonly frames: readonly ArchiveFrame[]
  /** What did not go as it should. */
  readonly notes: readonly BackupNote[]
}

const maxIndexBytes = 2 ** 31

/** Writes an index as JSON in one zstd frame with a checksum. */
export const encodeIndex = async (index: FileIndex): Promise<Buffer> =>
  await promisify(zstdCompress)(JSON.stringify(index), { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } })

/** Reads an index back. Fails with `data_corrupt`. */
export const decodeIndex = async (stored: Uint8Array): Promise<FileIndex> => {
  try {
    const index = JSON.parse((await promisify(zstdDecompress)(stored, { maxOutputLength: maxIndexBytes })).toString()) as FileIndex
    if (!Array.isArray(index.entries) || !Array.isArray(index.frames) || !Array.isArray(index.notes)) throw new Error('It has another shape.')
    return index
  } catch (thrown) {
    throw new HiveError('data_corrupt', 'The list of files cannot be decoded.', { cause: thrown })
  }
}
