import { describe, expect, it } from 'vitest'
import { DatabaseSync } from 'node:sqlite'
import { readFile } from 'node:fs/promises'
import { describeSearching } from './contract/searching.ts'
import { must } from './must.ts'
import { openTemporaryStore } from './temporary-store.ts'

describe('SQLite', () => {
  describeSearching(openTemporaryStore, 25)

  it('finds by a short beginning among many words', async () => {
    const { store, close } = await openTemporaryStore()
    const door = store.forBot('a')
    const { id } = must(await door.create())
    const parts = (text: string) => [{ type: 'text', text }]
    const oldest = must(await door.append(id, { role: 'user', parts: parts('zebra') }))
    await Promise.all(Array.from({ length: 3_000 }, (_, i) => door.append(id, { role: 'user', parts: parts(`word${i}`) })))
    expect(must(await door.search('z*')).items.map(h => h.messageId)).toEqual([oldest.id])
    expect(must(await door.search('w* -word2*', { limit: 100 })).items.map(h => h.seq).slice(0, 3)).toEqual([2_001, 2_000, 1_999])
    await close()
  })

  it('leaves no word of a deleted session in the file', async () => {
    const { store, path, close } = await openTemporaryStore()
    const door = store.forBot('a')
    const { id } = must(await door.create({ title: 'Xylotitle' }))
    const kept = must(await door.create()).id
    for (let i = 0; i < 50; i++) {
      must(await door.append(id, { role: 'user', parts: [{ type: 'text', text: `xylosecret${i}` }] }))
      must(await door.append(kept, { role: 'user', parts: [{ type: 'text', text: 'kept' }] }))
    }
    expect(must(await door.search('xylosecret*')).items.length).toBe(20)
    must(await door.delete(id))
    expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    await store[Symbol.asyncDispose]()
    // What was written ahead goes into the file when the last connection closes.
    new DatabaseSync(path).close()
    const bytes = await readFile(path, 'latin1')
    expect(bytes.includes('kept')).toBe(true)
    expect(bytes.toLowerCase().includes('xylo')).toBe(false)
    await close()
  })
})
