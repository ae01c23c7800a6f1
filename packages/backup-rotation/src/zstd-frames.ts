import { HiveError } from '@hivekit/errors'
import { promisify } from 'node:util'
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib'
import type { ArchiveFrame } from './file-index.ts'

/**
 * An archive is many zstd frames, each of at most this many raw bytes and each with a checksum: they are compressed in
 * parallel, any part can be read without the rest, and `zstd -d` reads the whole.
 */
export const frameBytes = 1 << 20

/** How many frames are worked on at once. More gains nothing on two cores and costs memory. */
const parallel = 2

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Compresses blocks of at most {@link frameBytes}, recording each frame. */
export async function* compressFrames(
  blocks: AsyncIterable<Buffer>, level: number, onFrame: (frame: ArchiveFrame) => void, release: (block: Buffer) => void,
): AsyncGenerator<Buffer> {
  const one = async (block: Buffer): Promise<{ stored: Buffer; raw: number }> => {
    // node writes no checksum by default, and then most flipped bits decode to something wrong without a word.
    const stored = await compress(block, {
      chunkSize: frameBytes + (frameBytes >> 6), params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    })
    const raw = block.length
    release(block)
    return { stored, raw }
  }
  for await (const { stored, raw } of inParallel(blocks, one)) {
    onFrame([stored.length, raw, crc32(stored)])
    yield stored
  }
}

/** Decodes stored bytes frame by frame; `wanted` may leave frames out, which are then only checked by their CRC. Fails with `data_corrupt`. */
export async function* decompressFrames(
  stored: AsyncIterable<Uint8Array>, frames: readonly ArchiveFrame[], wanted: (index: number) => boolean = () => true,
): AsyncGenerator<Buffer> {
  const spare: Buffer[] = []
  const cut = async function* (): AsyncGenerator<{ bytes: Buffer; frame: ArchiveFrame; index: number }> {
    let index = 0
    let filled = 0
    let bytes: Buffer = Buffer.alloc(0)
    for await (const chunk of stored) {
      for (let at = 0; at < chunk.length;) {
        const frame = frames[index]
        if (!frame) throw new HiveError('data_corrupt', 'The archive is longer than its list of files says.')
        if (filled === 0) bytes = roomFor(frame, spare)
        const part = chunk.subarray(at, at + frame[0] - filled)
        bytes.set(part, filled)
        at += part.length
        filled += part.length
        if (filled < frame[0]) continue
        filled = 0
        yield { bytes: bytes.subarray(0, frame[0]), frame, index: index++ }
      }
    }
    if (index < frames.length) throw new HiveError('data_corrupt', 'The archive ends too early.')
  }
  const one = async ({ bytes, frame: [, raw, crc], index }: { bytes: Buffer; frame: ArchiveFrame; index: number }): Promise<Buffer> => {
    if (crc32(bytes) !== crc) throw new HiveError('data_corrupt', `Frame ${index + 1} of the archive was altered.`)
    if (!wanted(index)) {
      spare.push(bytes)
      return Buffer.alloc(0)
    }
    // A frame that unpacks to more than was recorded is a bomb or was exchanged.
    const decoded = await decompress(bytes, { chunkSize: Math.max(64, raw), maxOutputLength: Math.max(1, raw) }).catch((thrown: unknown) => {
      throw new HiveError('data_corrupt', `Frame ${index + 1} of the archive cannot be decoded.`, { cause: thrown })
    })
    spare.push(bytes)
    if (decoded.length !== raw) throw new HiveError('data_corrupt', `Frame ${index + 1} of the archive decodes to another length.`)
    return decoded
  }
  for await (const block of inParallel(cut(), one)) if (block.length > 0) yield block
}

/** Maps in order with a few at work at once. A failure ends the others before it is passed on. */
async function* inParallel<T, R>(items: AsyncIterable<T>, one: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = []
  try {
    for await (const item of items) {
      const next = one(item)
      next.catch(() => {})
      running.push(next)
      if (running.length >= parallel) yield await running.shift()!
    }
    while (running.length > 0) yield await running.shift()!
  } finally {
    await Promise.allSettled(running)
  }
}

/** A stored frame is hardly larger than a raw one; what claims to be much larger was not written here. */
const roomFor = ([stored, raw]: ArchiveFrame, spare: Buffer[]): Buffer => {
  const most = frameBytes + (frameBytes >> 6)
  if (!(stored > 0 && stored <= most && raw >= 0 && raw <= frameBytes)) throw new HiveError('data_corrupt', 'The archive claims a frame of an impossible size.')
  const block = spare.pop()
  return Buffer.from(block?.buffer ?? new ArrayBuffer(most))
}
