import { createHash } from 'node:crypto'
import type { BackupPayload } from './backup-manifest.ts'
import type { StoreLock } from './backup-store.ts'
import { encodeIndex, type ArchiveFrame, type BackupNote, type FileEntry } from './file-index.ts'
import type { VaultContext } from './vault-context.ts'
import { vaultKeys } from './vault-keys.ts'
import { compressFrames } from './zstd-frames.ts'

/** A payload about to be written, with the keys it will have. */
export interface PayloadDraft {
  readonly archiveKey: string
  readonly indexKey: string
  /** Compresses, encrypts and stores blocks of a tar archive, then the list of files, which must be complete by then. */
  readonly write: (
    lock: StoreLock, blocks: AsyncIterable<Buffer>, list: { readonly entries: readonly FileEntry[]; readonly notes: readonly BackupNote[] },
    options: { readonly signal: AbortSignal; readonly release?: (block: Buffer) => void },
  ) => Promise<BackupPayload>
}

/** Names a payload for a backup; `part` sets a recompressed one apart. */
export const draftPayload = ({ cipher }: VaultContext, id: string, part: string, level: number): PayloadDraft => {
  const suffix = cipher ? '.age' : ''
  const archiveKey = vaultKeys.archive(id, part) + suffix
  const indexKey = vaultKeys.index(id, part) + suffix
  const seal = (plain: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => (cipher ? cipher.encrypt(plain) : plain)
  return {
    archiveKey, indexKey,
    write: async (lock, blocks, list, { signal, release = () => {} }) => {
      const raw = createHash('sha256')
      let rawBytes = 0
      const counted = async function* (): AsyncGenerator<Buffer> {
        for await (const block of blocks) {
          raw.update(block)
          rawBytes += block.length
          yield block
        }
      }
      const frames: ArchiveFrame[] = []
      const archive = await lock.write(archiveKey, seal(compressFrames(counted(), level, frame => frames.push(frame), release)), { signal })
      const encoded = await encodeIndex({ ...list, frames })
      const index = await lock.write(indexKey, seal(once(encoded)), { signal })
      return {
        key: archiveKey, ...archive, rawBytes, rawSha256: raw.digest('hex'),
        compression: { codec: 'zstd', level }, encryption: cipher ? 'age' : 'none', index: { key: indexKey, ...index },
      }
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
