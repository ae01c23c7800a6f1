import { describe } from 'vitest'
import { itIsolates } from './contract/isolation.ts'
import { openTemporaryStore } from './temporary-store.ts'

describe('SQLite', () => {
  itIsolates(openTemporaryStore, 60)
})
