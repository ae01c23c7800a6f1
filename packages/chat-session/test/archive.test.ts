import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSessionStore } from '@hivekit/chat-session'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { codeOf, must } from './must.ts'
import { openTemporaryStore } from './temporary-store.ts'

const text = (t: string) => [{ type: 'text', text: t }]
let opened: Awaited<ReturnType<typeof openTemporaryStore>>
let now = 1_000
beforeEach(async () => {
  now = 1_000
  opened = await openTemporaryStore({ clock: () => now })
})
afterEach(() => opened.close())

const fill = async (bot: string, words: readonly string[]) => {
  const door = opened.store.forBot(bot)
  const { id } = must(await door.create({ title: words[0]! }))
  for (const word of words) must(await door.append(id, { role: 'user', parts: [...text(`${word} is said`), { type: 'tool', title: 'ls' }] }))
  return { door, id }
}
const archives = () => readdir(`${opened.path}-archive`)

it('reads, lists, finds and exports an archived session as before, and changes it only once thawed', async () => {
  const { door, id } = await fill('a', ['toucan', 'macaw', 'parrot'])
  const before = { messages: must(await door.messages(id)), hits: must(await door.search('said')) }
  const json = async () => Buffer.concat(await Array.fromAsync(must(await door.exportSession(id, { format: 'json' })).content)).toString()
  const exported = await json()
  expect(must(await door.archive(id)).tier).toBe('archived')
  expect(must(await door.archive(id)).tier).toBe('archived')
  expect(must(await door.list()).items.map(s => s.tier)).toEqual(['archived'])
  expect(must(await door.messages(id))).toEqual(before.messages)
  expect(must(await door.message(id, before.messages.items[1]!.id))).toEqual(before.messages.items[1])
  expect(must(await door.search('said'))).toEqual(before.hits)
  expect(must(await door.search('mac*')).items.length).toBe(1)
  expect(must(await door.search('parrot', { order: 'relevance' })).items.length).toBe(1)
  expect(await json()).toBe(exported)
  expect(codeOf(await door.append(id, { role: 'user', parts: [] }))).toBe('conflict')
  expect(codeOf(await door.edit(id, before.messages.items[0]!.id, { parts: [], ifVersion: 1 }))).toBe('conflict')
  expect(must(await opened.store.checkIntegrity())).toEqual({ ok: true, problems: [] })
  expect(codeOf(await opened.store.forBot('b').thaw(id))).toBe('not_found')

  expect(must(await door.thaw(id)).tier).toBe('active')
  expect(await archives()).toEqual([])
  expect(must(await door.messages(id))).toEqual(before.messages)
  must(await door.edit(id, before.messages.items[0]!.id, { parts: text('cockatoo'), ifVersion: 1 }))
  must(await door.archive(id))
  expect(must(await door.messages(id)).items[0]!.parts).toEqual(text('cockatoo'))
  expect(must(await door.search('toucan')).items).toEqual([])
  expect(must(await opened.store.checkIntegrity())).toEqual({ ok: true, problems: [] })
})

it('keeps the text in one place only, and nowhere once it is deleted', async () => {
  const { door, id } = await fill('a', ['xylophone'])
  must(await door.archive(id))
  await opened.store[Symbol.asyncDispose]()
  new DatabaseSync(opened.path).close()
  expect((await readFile(opened.path, 'latin1')).includes('xylophone is said')).toBe(false)
  const store = must(await openSessionStore({ path: opened.path }))
  must(await store.forBot('a').delete(id))
  await store[Symbol.asyncDispose]()
  expect(await archives()).toEqual([])
  expect((await readFile(opened.path, 'latin1')).includes('xylophone')).toBe(false)
})

it('moves a session once when told twice at the same time, and none with an open reply', async () => {
  const { door, id } = await fill('a', ['one', 'two'])
  const moved = await Promise.all([door.archive(id), door.archive(id), door.thaw(id), door.archive(id)])
  expect(moved.map(r => must(r).tier)).toEqual(['archived', 'archived', 'active', 'archived'])
  expect(must(await door.messages(id)).items.length).toBe(2)
  must(await door.thaw(id))
  must(await door.ask(id, { parts: text('?') }))
  expect(codeOf(await door.archive(id))).toBe('conflict')
  expect(await archives()).toEqual([])
})

it('finds a damaged archive, and never gives back something else', async () => {
  const { door, id } = await fill('a', ['one', 'two'])
  must(await door.archive(id))
  const path = join(`${opened.path}-archive`, (await archives())[0]!)
  const bytes = await readFile(path)
  for (let i = 0; i < 40; i++) {
    const flipped = Buffer.from(bytes)
    const at = Math.floor((i * bytes.length) / 40)
    flipped[at] = flipped[at]! ^ 4
    await writeFile(path, flipped)
    const read = await door.messages(id)
    // A flip in the frame's header may change nothing that is said.
    if (read.isOk()) expect(read.value.items.map(m => m.parts[0]!.text)).toEqual(['one is said', 'two is said'])
    else expect(codeOf(read)).toBe('data_corrupt')
  }
  await writeFile(path, bytes.subarray(0, -9))
  expect(must(await opened.store.checkIntegrity()).problems).toEqual([expect.stringContaining(id)])
})

it('archives and deletes what is idle, but for what is held', async () => {
  const old = await fill('a', ['old'])
  const held = await fill('b', ['held'])
  must(await held.door.hold(held.id, true))
  now += 1_000
  const middle = await fill('a', ['middle'])
  now += 1_000
  const fresh = await fill('a', ['fresh'])
  const report = must(await opened.store.applyRetention({ archiveAfterIdleMs: 500, deleteAfterIdleMs: 1_500 }))
  expect(report).toEqual({ archived: [middle.id], deleted: [old.id], failed: [] })
  expect(must(await middle.door.get(middle.id)).tier).toBe('archived')
  expect(must(await fresh.door.get(fresh.id)).tier).toBe('active')
  expect(codeOf(await held.door.delete(held.id))).toBe('conflict')
  must(await held.door.hold(held.id, false))
  must(await held.door.delete(held.id))
  now += 10_000
  expect(must(await opened.store.applyRetention({ deleteAfterIdleMs: 1_500 })).deleted.toSorted()).toEqual([middle.id, fresh.id].toSorted())
  expect(await archives()).toEqual([])
  expect(must(await opened.store.search('')).items).toEqual([])
})
