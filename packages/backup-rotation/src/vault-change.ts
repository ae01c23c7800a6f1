import type { BackupStore } from './backup-store.ts'
import { repairJournal } from './journal.ts'
import type { VaultContext } from './vault-context.ts'

/** Makes {@link VaultContext.change}: changes of this process queue up here, those of others wait at the store's lock. */
export const createChange = (store: BackupStore, lockWaitMs: number, context: () => VaultContext): VaultContext['change'] => {
  let tail: Promise<unknown> = Promise.resolve()
  return (signal, step) => {
    const run = async () => {
      await using lock = await store.lock({ waitMs: lockWaitMs, ...(signal && { signal }) })
      await repairJournal(context(), lock)
      return await step(lock, signal ? AbortSignal.any([signal, lock.lost]) : lock.lost)
    }
    const next = tail.then(run, run)
    tail = next.catch(() => {})
    return next
  }
}
