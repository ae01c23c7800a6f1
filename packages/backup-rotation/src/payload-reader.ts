import { HiveError } from '@hivekit/errors'
import { createHash } from 'node:crypto'
import type { BackupPayload } from './backup-manifest.ts'
import { decodeIndex, type FileIndex } from './file-index.ts'
import type { VaultContext } from './vault-context.ts'
import { decompressFrames } from './zstd-frames.ts'

const opened = ({ cipher }: VaultContext, { encryption }: BackupPayload, stored: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
  if (encryption === 'none') return stored
  if (!cipher) throw new HiveError('forbidden', 'The backup is encrypted, and no key was given.')
  return cipher.decrypt(stored)
}

/** Compares what passes through with the stored digest, and fails with `data_corrupt` at the end when it differs. */
async function* proved(stored: AsyncIterable<Uint8Array>, { key, bytes, sha256 }: { key: string; bytes: number; sha256: string }): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let seen = 0
  for await (const chunk of stored) {
    hash.update(chunk)
    seen += chunk.length
    yield chunk
  }
  if (seen !== bytes) throw new HiveError('data_corrupt', `${key} is ${seen} bytes long and should be ${bytes}.`)
  if (hash.digest('hex') !== sha256) throw new HiveError('data_corrupt', `${key} does not match its digest.`)
}

/** Reads and proves the list of files of a payload. */
export const readIndex = async (context: VaultContext, payload: BackupPayload, signal?: AbortSignal): Promise<FileIndex> => {
  const stored = proved(context.store.read(payload.index.key, { signal }), payload.index)
  const parts: Uint8Array[] = []
  for await (const part of opened(context, payload, stored)) parts.push(part)
  return await decodeIndex(Buffer.concat(parts))
}

/** Reads the tar archive of a payload and proves both digests; a difference may show only at the end. */
export async function* readRaw(context: VaultContext, payload: BackupPayload, index: FileIndex, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stored = proved(context.store.read(payload.key, { signal }), payload)
  const raw = createHash('sha256')
  for await (const block of decompressFrames(opened(context, payload, stored), index.frames)) {
    raw.update(block)
    yield block
  }
  if (raw.digest('hex') !== payload.rawSha256) throw new HiveError('data_corrupt', `${payload.key} decodes to something else than was packed.`)
}

/** Reads only some frames of a payload, each proved by its checksums. */
export const readSample = async (
  context: VaultContext, payload: BackupPayload, index: FileIndex, wanted: (frame: number) => boolean, signal?: AbortSignal,
): Promise<void> => {
  if (payload.encryption !== 'none') {
    for await (const _ of decompressFrames(opened(context, payload, context.store.read(payload.key, { signal })), index.frames, wanted));
    return
  }
  let start = 0
  for (const [number, frame] of index.frames.entries()) {
    const end = start + frame[0]
    if (wanted(number)) for await (const _ of decompressFrames(context.store.read(payload.key, { start, end, signal }), [frame]));
    start = end
  }
}
