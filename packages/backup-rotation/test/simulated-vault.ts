import { openBackupVault, type BackupRecord, type BackupVault, type BackupVaultOptions } from '@hivekit/backup-rotation'
import { tmpdir } from 'node:os'
import { openMemoryStore, type MemoryStore } from './memory-store.ts'
import { value } from './outcome.ts'

export const dayMs = 86_400_000
export const start = Date.UTC(2026, 0, 1, 12)

/** A vault in memory with a clock that a test turns. */
export interface SimulatedVault {
  readonly store: MemoryStore
  readonly vault: BackupVault
  now: number
  /** Makes a backup of one small file with this content, a day after the one before. */
  add(content?: string, path?: string): Promise<BackupRecord>
  /** Flips a bit of a backup's archive. */
  damage(backup: BackupRecord): void
  /** The ids there are, oldest first. */
  ids(): Promise<string[]>
}

export const simulateVault = (options: Partial<BackupVaultOptions> = {}, store = openMemoryStore()): SimulatedVault => {
  const self: SimulatedVault = {
    store, now: start,
    vault: openBackupVault({ store, host: 'test', clock: () => self.now, scratchFolder: tmpdir(), ...options }),
    add: async (content = `content at ${self.now}`, path = 'file') => {
      self.now += dayMs
      const source = { kind: 'stream' as const, as: path, open: async function* () { yield Buffer.from(content) } }
      return value(await self.vault.create({ sources: [source], force: true })).backup
    },
    damage: ({ payload }) => {
      const { bytes } = store.objects.get(payload.key)!
      bytes[bytes.length >> 1]! ^= 4
    },
    ids: async () => value(await self.vault.list()).map(backup => backup.id).toReversed(),
  }
  return self
}
