import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, read as readCallback, readSync } from 'node:fs'
import { setImmediate as breathe } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Header, Pax, type HeaderData } from 'tar'
import { throwIfAborted, toHiveError } from './failure.ts'
import type { BackupNote, FileEntry } from './file-index.ts'
import type { PlannedEntry } from './scan-folder.ts'
import { frameBytes } from './zstd-frames.ts'

const readAsync = promisify(readCallback)
/** Files up to this size are read at once; opening them asynchronously would cost several times what reading them does. */
const smallBytes = 256 << 10
const stretchMs = 8

/** How to pack. */
export interface PackOptions {
  /** Gets a block of {@link frameBytes} to fill. */
  readonly take: () => Buffer
  readonly entry: (entry: FileEntry) => void
  readonly note: (note: BackupNote) => void
  readonly progress: (bytes: number) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Packs into a tar archive (POSIX pax, headers by `tar`), given out in blocks of {@link frameBytes}. A file is stored at the size
 * it had when it was opened, whatever happens to it meanwhile: what it grew by is left out, what it shrank by is zeros, and either is noted.
 */
export async function* packArchive(planned: readonly PlannedEntry[], { take, entry: onEntry, note, progress, signal }: PackOptions): AsyncGenerator<Buffer> {
  let block = take()
  let used = 0
  const full: Buffer[] = []
  /** A place for up to `wanted` bytes; never straddles two blocks. */
  const place = (wanted: number): Buffer => {
    if (used === frameBytes) {
      full.push(block)
      block = take()
      used = 0
    }
    const free = block.subarray(used, Math.min(frameBytes, used + wanted))
    used += free.length
    return free
  }
  const put = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) at += bytes.copy(place(bytes.length - at), 0, at)
  }
  const zero = (length: number): void => {
    for (let left = length; left > 0;) left -= place(left).fill(0).length
  }
  const putHeader = (entry: FileEntry): void => {
    const data: HeaderData = {
      path: entry.type === 'folder' ? `${entry.path}/` : entry.path, mode: entry.mode, size: entry.size, mtime: new Date(entry.modifiedAt), uid: 0, gid: 0,
      type: entry.type === 'file' ? 'File' : entry.type === 'folder' ? 'Directory' : 'SymbolicLink',
      ...(entry.target !== undefined && { linkpath: entry.target }),
    }
    const header = Buffer.alloc(512)
    if (new Header(data).encode(header)) {
      put(new Pax({ path: data.path!, size: entry.size, ...(entry.target !== undefined && { linkpath: entry.target }) }).encode())
    }
    put(header)
  }

  let since = performance.now()
  for (const { entry, from } of planned) {
    throwIfAborted(signal)
    if (entry.type === 'file') yield* packFile(entry, from)
    else {
      putHeader(entry)
      onEntry(entry)
    }
    while (full.length > 0) yield full.shift()!
    if (performance.now() - since > stretchMs) {
      await breathe()
      since = performance.now()
    }
  }
  zero(1_024)
  yield* full
  if (used > 0) yield block.subarray(0, used)

  async function* packFile(planned: FileEntry, from: string): AsyncGenerator<Buffer> {
    let file: number
    try {
      // A file may have been exchanged for a link or a pipe since it was listed: neither is followed or waited for.
      file = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch (thrown) {
      note({ path: planned.path, what: toHiveError(thrown).code === 'not_found' ? 'vanished' : 'unreadable' })
      return
    }
    try {
      const before = fstatSync(file)
      if (!before.isFile()) return note({ path: planned.path, what: 'changed' })
      const entry: FileEntry = {
        ...planned, size: before.size, mode: before.mode & 0o7777, modifiedAt: before.mtimeMs, seen: [before.ino, before.ctimeMs],
      }
      putHeader(entry)
      const hash = createHash('sha256')
      let trouble: BackupNote['what'] | undefined
      for (let at = 0; at < entry.size;) {
        const into = place(entry.size - at)
        for (let filled = 0; filled < into.length;) {
          const got = trouble ? 0 : await readPart(into, filled, at + filled).catch((): number => { trouble = 'unreadable'; return 0 })
          if (got === 0) {
            trouble ??= 'shrank'
            into.fill(0, filled)
            break
          }
          filled += got
        }
        hash.update(into)
        at += into.length
        progress(into.length)
        if (full.length > 0) {
          throwIfAborted(signal)
          yield full.shift()!
        }
      }
      zero((512 - (entry.size % 512)) % 512)
      const after = fstatSync(file)
      if (after.size > entry.size) trouble ??= 'grew'
      if (after.mtimeMs !== before.mtimeMs) trouble ??= 'changed'
      if (trouble) note({ path: entry.path, what: trouble })
      onEntry({ ...entry, sha256: hash.digest('hex') })

      async function readPart(into: Buffer, filled: number, position: number): Promise<number> {
        if (entry.size <= smallBytes) return readSync(file, into, filled, into.length - filled, position)
        return (await readAsync(file, into, filled, into.length - filled, position)).bytesRead
      }
    } finally {
      closeSync(file)
    }
  }
}
