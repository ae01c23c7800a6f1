import { randomFillSync } from 'node:crypto'

declare const brand: unique symbol

/** A string that stands for one kind of thing only. */
export type Branded<Kind extends string> = string & {
  /** Exists in types alone. */
  readonly [brand]: Kind
}

/** A bot's id: any string of 1 to 200 characters that its host gives it. */
export type BotId = Branded<'BotId'>
/** A session's id: a UUID. Those made here are of version 7, so they sort by the time of their making. */
export type SessionId = Branded<'SessionId'>
/** A message's id: a UUID. Those made here are of version 7, so they sort by the time of their making. */
export type MessageId = Branded<'MessageId'>

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Tells whether a string has the one form that ids of sessions and messages have: a UUID in lower case. */
export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value)

/** Makes UUIDs of version 7 (RFC 9562, 6.2, method 1): each greater than the one before, also within a millisecond. */
export const createIdSource = (clock: () => number): (() => string) => {
  const pool = Buffer.alloc(8 * 256)
  let offset = pool.length
  let lastMs = 0
  let counter = 0
  return () => {
    const now = Math.floor(clock())
    if (offset === pool.length) {
      randomFillSync(pool)
      offset = 0
    }
    const random = pool.readUInt32BE(offset)
    const randomHigh = pool.readUInt32BE(offset + 4)
    offset += 8
    if (now > lastMs) {
      lastMs = now
      counter = randomHigh & 0x7ff
    } else if (++counter > 0xfff) {
      counter = 0
      lastMs++
    }
    const ms = lastMs.toString(16).padStart(12, '0')
    const variant = (0x8000 | ((randomHigh >>> 11) & 0x3fff)).toString(16)
    const tail = random.toString(16).padStart(8, '0') + (randomHigh >>> 16).toString(16).padStart(4, '0')
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}-${tail}`
  }
}

/** A UUID's 16 bytes. */
export const uuidToBytes = (id: string): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

/** The text of a UUID's 16 bytes. */
export const bytesToUuid = (bytes: Uint8Array): string => {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
