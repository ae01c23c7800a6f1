import type { BackupStore, Leftover, StoreLock } from '@hivekit/backup-rotation'
import { HiveError } from '@hivekit/errors'
import { createHash } from 'node:crypto'

/** A store in memory, to try thousands of cases, with a gate that can cut the power or fail before any operation that changes something. */
export interface MemoryStore extends BackupStore {
  readonly objects: Map<string, { bytes: Buffer; modifiedAt: number }>
  /** Called before and after each change; what it throws is the operation's failure. */
  gate: (operation: string, key: string, when: 'before' | 'after') => void
  /** Drops the lock of a holder that is no more. */
  crash(): void
}

export const openMemoryStore = (clock: () => number = Date.now): MemoryStore => {
  const objects: MemoryStore['objects'] = new Map()
  let fence = 0
  let holder = 0
  const missing = (key: string): HiveError => new HiveError('not_found', `${key} is missing.`)
  const store: MemoryStore = {
    location: 'memory:', objects, gate: () => {}, crash: () => (holder = 0),
    stat: async key => {
      const found = objects.get(key)
      return found && { key, bytes: found.bytes.length, modifiedAt: found.modifiedAt }
    },
    read: async function* (key, { start = 0, end } = {}) {
      const found = objects.get(key)
      if (!found) throw missing(key)
      const wanted = found.bytes.subarray(start, end)
      for (let at = 0; at < wanted.length; at += 64 << 10) yield wanted.subarray(at, at + (64 << 10))
    },
    list: async function* (prefix) {
      const keys = [...objects.keys()].filter(key => key.startsWith(prefix)).toSorted()
      for (const key of keys) {
        const found = objects.get(key)
        if (found) yield { key, bytes: found.bytes.length, modifiedAt: found.modifiedAt }
      }
    },
    leftovers: async function* (): AsyncGenerator<Leftover> {},
    lock: async () => {
      if (holder > 0) throw new HiveError('conflict', 'Locked.')
      const mine = (holder = ++fence)
      const lost = new AbortController()
      const change = async <T>(operation: string, key: string, step: () => T): Promise<T> => {
        if (holder !== mine) throw new HiveError('conflict', 'The lock was taken over.')
        store.gate(operation, key, 'before')
        const result = step()
        store.gate(operation, key, 'after')
        return result
      }
      return {
        fence: mine, lost: lost.signal,
        write: async (key, content, { replace = false, signal } = {}) => {
          const parts: Uint8Array[] = []
          for await (const part of content instanceof Uint8Array ? [content] : content) {
            if (signal?.aborted) throw new HiveError('cancelled', 'Cancelled.')
            // What a writer hands over it may use again.
            parts.push(Buffer.from(part))
          }
          const bytes = Buffer.concat(parts)
          return await change('write', key, () => {
            if (!replace && objects.has(key)) throw new HiveError('conflict', `${key} exists.`)
            objects.set(key, { bytes, modifiedAt: clock() })
            return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
          })
        },
        remove: key => change('remove', key, () => void objects.delete(key)),
        removeLeftover: async () => {},
        [Symbol.asyncDispose]: async () => { if (holder === mine) holder = 0 },
      } satisfies StoreLock
    },
    [Symbol.asyncDispose]: async () => {},
  }
  return store
}
