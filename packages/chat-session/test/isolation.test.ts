import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSessionStore } from '@hivekit/chat-session'
import { describe } from 'vitest'
import { itIsolates } from './contract/isolation.ts'
import { must } from './must.ts'

describe('SQLite', () => {
  itIsolates(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
    const store = must(await openSessionStore({ path: join(folder, 'sessions.db') }))
    return {
      store,
      close: async () => {
        await store[Symbol.asyncDispose]()
        await rm(folder, { recursive: true })
      },
    }
  }, 60)
})
