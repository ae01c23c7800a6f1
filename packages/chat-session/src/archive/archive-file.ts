import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib'
import { HiveError } from '@hivekit/errors'
import type { Message, MessagePart } from '../message.ts'

/*
 * A session in cold storage is one file: JSON Lines under zstd. The first line is the manifest; the others are the
 * messages in order. The digest in the manifest is of all that follows it. (zstd's own checksum is off unless asked
 * for, and without it a flipped bit can decompress into something else.)
 */

interface Manifest {
  readonly format: 'hivekit-chat-session-archive'
  readonly version: 1
  readonly sessionId: string
  readonly messages: number
  readonly sha256: string
}

const compress = promisify(zstdCompress)

/** Where a session's file is. */
export const archivePath = (folder: string, sessionId: string): string => join(folder, `${sessionId}.jsonl.zst`)

/** Writes a session's file, reads it back, and has it on the disk when this settles. */
export const writeArchive = async (folder: string, sessionId: string, messages: readonly Message[]): Promise<{ readonly bytes: number }> => {
  const body = messages.map(message => `${JSON.stringify({ ...message, sessionId: undefined })}\n`).join('')
  const manifest: Manifest = {
    format: 'hivekit-chat-session-archive', version: 1, sessionId, messages: messages.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  }
  const bytes = await compress(`${JSON.stringify(manifest)}\n${body}`, {
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `${randomUUID()}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, archivePath(folder, sessionId))
  } finally {
    await rm(temporary, { force: true })
  }
  const holder = await open(folder, 'r')
  await holder.sync().catch(() => {})
  await holder.close()
  if (readArchive(folder, sessionId).length !== messages.length) throw new HiveError('data_corrupt', 'The archive did not read back as it was written.')
  return { bytes: bytes.length }
}

/** Reads a session's messages back, checked against the manifest. Throws a `data_corrupt` error. */
export const readArchive = (folder: string, sessionId: string): (Omit<Message, 'sessionId'>)[] => {
  const broken = (why: string, cause?: unknown) => new HiveError('data_corrupt', `The archive of session "${sessionId}" ${why}.`, { cause })
  let text: string
  try {
    text = zstdDecompressSync(readFileSync(archivePath(folder, sessionId))).toString()
  } catch (error) {
    throw broken('cannot be read', error)
  }
  const end = text.indexOf('\n')
  const manifest = JSON.parse(text.slice(0, end)) as Manifest
  const body = text.slice(end + 1)
  if (manifest.sessionId !== sessionId) throw broken('is another session\'s')
  if (createHash('sha256').update(body).digest('hex') !== manifest.sha256) throw broken('does not match its digest')
  const messages = body.split('\n').slice(0, -1).map(line => JSON.parse(line) as Omit<Message, 'sessionId'>)
  if (messages.length !== manifest.messages) throw broken('lacks messages')
  return messages
}

/** The parts of archived messages; the sessions read last are remembered. */
export type ColdParts = (sessionId: string, seq: number) => MessagePart[]

/** Sessions remembered by one thread. */
const remembered = 8

/** Reads parts from a folder of archives. */
export const createColdParts = (folder: string): ColdParts => {
  const recent = new Map<string, { readonly stamp: string, readonly parts: readonly MessagePart[][] }>()
  return (sessionId, seq) => {
    // A session may have been thawed, edited and archived anew.
    const found = statSync(archivePath(folder, sessionId), { bigint: true, throwIfNoEntry: false })
    const stamp = `${found?.ino} ${found?.mtimeNs}`
    let known = recent.get(sessionId)
    if (known?.stamp !== stamp) known = { stamp, parts: readArchive(folder, sessionId).map(m => [...m.parts]) }
    recent.delete(sessionId)
    recent.set(sessionId, known)
    if (recent.size > remembered) recent.delete(recent.keys().next().value!)
    const parts = known.parts[seq - 1]
    if (!parts) throw new HiveError('data_corrupt', `The archive of session "${sessionId}" lacks message ${seq}.`)
    return parts
  }
}
