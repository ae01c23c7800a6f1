import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { decodeNumbers, encodeNumbers } from './number-codec.ts'

// A chunk holds the columns of one series in one block, each value beside one of the block's shared times:
//
//   crc32 of all that follows, 4 bytes little-endian
//   flags: 1 = the rest is Zstandard, 2 = there is a bitmap of which of the block's times the series has
//   [bitmap, one bit a time]  columns, each by encodeNumbers

const flagsOf = { zstd: 1, bitmap: 2 } as const

/** Columns of one series, and where among the block's times its values are. */
export interface ChunkContents {
  /** The indices of the block's times that the series has, rising; absent when it has them all. */
  readonly present?: Int32Array
  /** One column of values, or several of equal length. */
  readonly columns: readonly Float64Array[]
}

/** Packs a chunk. With `compress`, Zstandard is tried; else only for columns that are not short decimals. */
export const packChunk = ({ present, columns }: ChunkContents, timesCount: number, compress: boolean): Uint8Array => {
  const parts: Uint8Array[] = []
  if (present) parts.push(bitmapOf(present, timesCount))
  for (const column of columns) parts.push(encodeNumbers(column))
  let body = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  let flags = present ? flagsOf.bitmap : 0
  const worthIt = compress ? body.length > 48 : body.length > columns[0]!.length * columns.length * 5
  if (worthIt) {
    const small = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    if (small.length < body.length) {
      body = small
      flags |= flagsOf.zstd
    }
  }
  const chunk = new Uint8Array(5 + body.length)
  chunk[4] = flags
  chunk.set(body, 5)
  new DataView(chunk.buffer).setUint32(0, crc32(chunk.subarray(4)), true)
  return chunk
}

/** Unpacks a chunk; answers what is wrong with it instead when it is damaged. */
export const unpackChunk = (chunk: Uint8Array, timesCount: number, columnCount: number): ChunkContents | string => {
  const { byteOffset, byteLength } = chunk
  if (byteLength < 6 || new DataView(chunk.buffer, byteOffset, byteLength).getUint32(0, true) !== crc32(chunk.subarray(4))) return 'its checksum is wrong'
  const flags = chunk[4]!
  const body = flags & flagsOf.zstd ? zstdDecompressSync(chunk.subarray(5)) : chunk.subarray(5)
  let at = 0
  let present: Int32Array | undefined
  if (flags & flagsOf.bitmap) {
    at = Math.ceil(timesCount / 8)
    present = presentIn(body.subarray(0, at), timesCount)
  }
  const columns: Float64Array[] = []
  for (let i = 0; i < columnCount; i++) {
    const { values, end } = decodeNumbers(body, at)
    columns.push(values)
    at = end
  }
  const expected = present?.length ?? timesCount
  if (at !== body.length || columns.some(column => column.length !== expected)) return 'its length is wrong'
  return present ? { present, columns } : { columns }
}

const bitmapOf = (present: Int32Array, count: number): Uint8Array => {
  const bitmap = new Uint8Array(Math.ceil(count / 8))
  for (const i of present) bitmap[i >> 3]! |= 1 << (i & 7)
  return bitmap
}

const presentIn = (bitmap: Uint8Array, count: number): Int32Array => {
  const present = new Int32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) if (bitmap[i >> 3]! & (1 << (i & 7))) present[found++] = i
  return present.slice(0, found)
}

/** The times of the values: the block's own array when the series has them all. */
export const timesOf = (times: Float64Array, present: Int32Array | undefined): Float64Array => {
  if (!present) return times
  const own = new Float64Array(present.length)
  for (let i = 0; i < own.length; i++) own[i] = times[present[i]!]!
  return own
}
