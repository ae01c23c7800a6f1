import { HiveError } from '@hivekit/errors'
import { Header } from 'tar'
import { checkArchivePath, linkStaysInside } from './archive-path.ts'
import type { FileEntry } from './file-index.ts'

/** One entry as it comes out of an archive. Its content must be read, or is skipped, before the next entry is asked for. */
export interface ArchiveEntry {
  readonly entry: Omit<FileEntry, 'sha256' | 'seen'>
  /** Whether a link leads out of the archive. */
  readonly escapes: boolean
  readonly content: AsyncIterable<Buffer>
}

/** What an archive may not exceed. */
export interface ArchiveLimits {
  /** Bytes of all files together. */
  readonly maxBytes: number
  /** Number of entries. */
  readonly maxEntries: number
}

const maxPaxBytes = 1 << 20

/**
 * Reads a tar archive strictly: files, folders and symbolic links under plain relative paths, each once. Anything else
 * (hard links, devices, pipes, `..`, absolute paths, NULs, sizes below zero or beyond the archive, files below files or links)
 * is refused with `data_corrupt`, and more than the limits with `too_large`, before it is given out.
 */
export async function* readArchive(blocks: AsyncIterable<Buffer>, { maxBytes, maxEntries }: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  const source = blocks[Symbol.asyncIterator]()
  let block: Buffer = Buffer.alloc(0)
  /** The next bytes, as many as there are in one piece up to `wanted`; empty at the end. */
  const take = async (wanted: number): Promise<Buffer> => {
    while (block.length === 0) {
      const { done, value } = await source.next()
      if (done) return Buffer.alloc(0)
      block = value
    }
    const taken = block.subarray(0, wanted)
    block = block.subarray(taken.length)
    return taken
  }
  const takeAll = async (wanted: number): Promise<Buffer> => {
    const first = await take(wanted)
    if (first.length === wanted) return first
    const parts = [first]
    for (let left = wanted - first.length; left > 0;) {
      const part = await take(left)
      if (part.length === 0) throw corrupt('ends before its closing mark')
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }

  const kinds = new Map<string, FileEntry['type']>()
  let bytes = 0
  let pax: ReadonlyMap<string, string> = new Map()
  try {
    for (;;) {
      const raw = await takeAll(512)
      const header = decodeHeader(raw)
      if (header.nullBlock) {
        await expectNothingMore()
        return
      }
      if (!header.cksumValid) throw corrupt('holds a damaged header')
      if (header.type === 'ExtendedHeader') {
        if (header.size === undefined || header.size > maxPaxBytes) throw corrupt('holds an extended header of an impossible size')
        pax = parsePax((await takeAll(Math.ceil(header.size / 512) * 512)).subarray(0, header.size))
        continue
      }
      const type = typeOf(header)
      const named = pax.get('path') ?? header.path ?? ''
      const path = type === 'folder' && named.endsWith('/') ? named.slice(0, -1) : named
      checkArchivePath(path)
      if (kinds.has(path)) throw corrupt(`holds ${JSON.stringify(path)} twice`)
      if (kinds.size >= maxEntries) throw new HiveError('too_large', `The archive holds more than ${maxEntries} entries.`)
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const parent = kinds.get(path.slice(0, slash))
        if (parent && parent !== 'folder') throw corrupt(`holds ${JSON.stringify(path)} below something that is no folder`)
      }
      kinds.set(path, type)
      const size = type === 'file' ? sizeOf(header, pax) : 0
      bytes += size
      if (bytes > maxBytes) throw new HiveError('too_large', `The archive unpacks to more than ${maxBytes} bytes.`)
      const target = type === 'link' ? (pax.get('linkpath') ?? header.linkpath ?? '') : undefined
      pax = new Map()

      let left = size
      const content = async function* (): AsyncGenerator<Buffer> {
        while (left > 0) {
          const part = await take(left)
          if (part.length === 0) throw corrupt(`ends in the middle of ${JSON.stringify(path)}`)
          left -= part.length
          yield part
        }
      }
      yield {
        entry: {
          path, type, size, mode: (header.mode ?? 0) & 0o7777, modifiedAt: header.mtime?.getTime() ?? 0, ...(target !== undefined && { target }),
        },
        escapes: target !== undefined && !linkStaysInside(path, target),
        content: content(),
      }
      for await (const _ of content());
      await takeAll((512 - (size % 512)) % 512)
    }
  } finally {
    await source.return?.()
  }

  async function expectNothingMore(): Promise<void> {
    for (let rest = await take(frameOrMore); rest.length > 0; rest = await take(frameOrMore)) {
      if (rest.some(byte => byte !== 0)) throw corrupt('goes on after its closing mark')
    }
  }
}

const frameOrMore = 1 << 22
const corrupt = (how: string): HiveError => new HiveError('data_corrupt', `Refused the archive: it ${how}. Nothing was written outside of the target.`)

const decodeHeader = (raw: Buffer): Header => {
  try {
    return new Header(raw)
  } catch (thrown) {
    throw new HiveError('data_corrupt', 'Refused the archive: it holds a header with impossible numbers.', { cause: thrown })
  }
}

const typeOf = (header: Header): FileEntry['type'] => {
  if (header.type === 'File' || header.type === 'OldFile') return 'file'
  if (header.type === 'Directory') return 'folder'
  if (header.type === 'SymbolicLink') return 'link'
  throw corrupt(`holds ${JSON.stringify(header.path)} as a ${header.type}, and only files, folders and symbolic links are unpacked`)
}

const sizeOf = (header: Header, pax: ReadonlyMap<string, string>): number => {
  const text = pax.get('size')
  const size = text === undefined ? header.size : /^\d+$/.test(text) ? Number(text) : undefined
  if (size === undefined || !Number.isSafeInteger(size)) throw corrupt(`gives ${JSON.stringify(header.path)} an impossible size`)
  return size
}

/** Records of POSIX pax: `<length> <key>=<value>\n`, where the length counts the whole record, in bytes. */
const parsePax = (body: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(body.toString('latin1', at, space))
    const record = body.subarray(space + 1, at + length)
    const equals = record.indexOf(0x3d)
    if (!Number.isInteger(length) || length < 5 || at + length > body.length || record.at(-1) !== 0x0a || equals < 1) {
      throw corrupt('holds a malformed extended header')
    }
    records.set(record.toString('utf8', 0, equals), record.toString('utf8', equals + 1, record.length - 1))
    at += length
  }
  return records
}
