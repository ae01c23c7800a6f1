import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSessionStore, type OpenSessionStoreOptions, type SessionStore } from '@hivekit/chat-session'
import { must } from './must.ts'

/** A store in a folder of its own, which goes with it. */
export const openTemporaryStore = async (
  options: Partial<OpenSessionStoreOptions> = {},
): Promise<{ readonly store: SessionStore, readonly folder: string, readonly path: string, readonly close: () => Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  const path = join(folder, 'sessions.db')
  const store = must(await openSessionStore({ path, ...options }))
  return {
    store,
    folder,
    path,
    close: async () => {
      await store[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
