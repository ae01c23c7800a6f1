import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { chunkStride, states } from './database.ts'
import { decodeNumbers, encodeNumbers } from './number-codec.ts'

/** A sealed stretch of time: many series' chunks beside one column of times. */
export interface Block {
  /** Rises with the time of its making. */
  readonly id: number
  /** One of `tiers`. */
  readonly tier: number
  /** Its first time, epoch milliseconds. */
  readonly from: number
  /** Its last time, epoch milliseconds. */
  readonly to: number
  /** Samples in all its chunks. */
  readonly samples: number
  /** Bytes of all its chunks and its times. */
  readonly bytes: number
}

interface BlockRow {
  readonly id: number
  readonly tier: number
  readonly from_ms: number
  readonly to_ms: number
  readonly samples: number
  readonly bytes: number
}

/** Reads which blocks are live, oldest first. */
export const listBlocks = (db: DatabaseSync): Block[] => {
  const rows = db.prepare('SELECT id, tier, from_ms, to_ms, samples, bytes FROM blocks WHERE state = ? ORDER BY from_ms, id').all(states.live)
  return (rows as unknown as BlockRow[]).map(({ id, tier, from_ms: from, to_ms: to, samples, bytes }) => ({ id, tier, from, to, samples, bytes }))
}

/** Packs a block's times, with their checksum. */
export const packTimes = (times: Float64Array): Uint8Array => {
  const body = encodeNumbers(times)
  const packed = new Uint8Array(4 + body.length)
  packed.set(body, 4)
  new DataView(packed.buffer).setUint32(0, crc32(body), true)
  return packed
}

/** Unpacks a block's times; undefined when they are damaged. */
export const unpackTimes = (packed: Uint8Array): Float64Array | undefined => {
  const body = packed.subarray(4)
  if (packed.length < 6 || new DataView(packed.buffer, packed.byteOffset, 4).getUint32(0, true) !== crc32(body)) return undefined
  return decodeNumbers(body).values
}

/** Reads chunks and times through one connection. Every fault of the file is answered, none thrown. */
export interface BlockReader {
  /** The block's times, or what is wrong with them. */
  readonly times: (block: number) => Float64Array | string
  /** The chunk of a series, absent where the block has none, or what is wrong with it. */
  readonly chunk: (block: number, series: number) => Uint8Array | undefined | string
  /** The series that a block has, rising. */
  readonly seriesIn: (block: number) => readonly number[]
}

const keptTimes = 64

export const createBlockReader = (db: DatabaseSync): BlockReader => {
  const timesById = db.prepare('SELECT times FROM blocks WHERE id = ?')
  const chunkById = db.prepare('SELECT data FROM chunks WHERE id = ?')
  const idsBetween = db.prepare('SELECT id FROM chunks WHERE id >= ? AND id < ? ORDER BY id')
  const kept = new Map<number, Float64Array>()

  return {
    times: block => {
      const known = kept.get(block)
      if (known) return known
      try {
        const row = timesById.get(block) as { readonly times: Uint8Array } | undefined
        const times = row && unpackTimes(row.times)
        if (!times) return row ? 'the checksum of its times is wrong' : 'it is gone'
        if (kept.size >= keptTimes) kept.delete(kept.keys().next().value!)
        kept.set(block, times)
        return times
      } catch (error) {
        return String(error)
      }
    },
    chunk: (block, series) => {
      try {
        const data = chunkById.get(block * chunkStride + series)?.['data']
        return data === undefined || data instanceof Uint8Array ? data : 'it is no blob'
      } catch (error) {
        return String(error)
      }
    },
    seriesIn: block => {
      const rows = idsBetween.all(block * chunkStride, (block + 1) * chunkStride) as unknown as { readonly id: number }[]
      return rows.map(({ id }) => id - block * chunkStride)
    },
  }
}

/** Writes a block in slices: it is invisible until it is finished, and swept at the next opening when it never was. */
export interface BlockWriter {
  /** The block's id. */
  readonly id: number
  /** Keeps a chunk for the next flush. */
  readonly add: (series: number, chunk: Uint8Array, samples: number) => void
  /** Writes what was kept, in one transaction. */
  readonly flush: () => void
  /** Writes the rest and makes the block live, inside the caller's transaction. */
  readonly finish: () => Block
  /** Bytes that wait for a flush. */
  readonly waitingBytes: () => number
}

export const createBlockWriter = (db: DatabaseSync, tier: number, times: Float64Array): BlockWriter => {
  const packed = packTimes(times)
  const from = times[0]!
  const to = times[times.length - 1]!
  const { lastInsertRowid } = db.prepare('INSERT INTO blocks (tier, state, from_ms, to_ms, samples, bytes, times) VALUES (?, ?, ?, ?, 0, 0, ?)')
    .run(tier, states.building, from, to, packed)
  const id = Number(lastInsertRowid)
  const insert = db.prepare('INSERT INTO chunks (id, data) VALUES (?, ?)')
  let waiting: (readonly [series: number, chunk: Uint8Array])[] = []
  let waitingBytes = 0
  let bytes = packed.length
  let samples = 0

  const write = () => {
    for (const [series, chunk] of waiting) insert.run(id * chunkStride + series, chunk)
    waiting = []
    waitingBytes = 0
  }
  return {
    id,
    add: (series, chunk, count) => {
      waiting.push([series, chunk])
      waitingBytes += chunk.length
      bytes += chunk.length
      samples += count
    },
    flush: () => {
      if (waiting.length === 0) return
      db.exec('BEGIN IMMEDIATE')
      write()
      db.exec('COMMIT')
    },
    finish: () => {
      write()
      db.prepare('UPDATE blocks SET state = ?, samples = ?, bytes = ? WHERE id = ?').run(states.live, samples, bytes, id)
      return { id, tier, from, to, samples, bytes }
    },
    waitingBytes: () => waitingBytes,
  }
}
