import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSessionStore, type SessionStore } from '@hivekit/chat-session'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codeOf, must } from './must.ts'

const text = (t: string) => [{ type: 'text', text: t }]
let folder: string
let store: SessionStore
const open = async (options = {}) => must(await openSessionStore({ path: join(folder, 'sessions.db'), ...options }))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  store = await open()
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('a session', () => {
  it('is made, read, renamed, listed and deleted', async () => {
    const sessions = store.forBot('keeper')
    const made = must(await sessions.create({ title: 'One' }))
    expect(made).toMatchObject({ botId: 'keeper', title: 'One', messageCount: 0 })
    expect(must(await sessions.get(made.id))).toEqual(made)
    expect(must(await sessions.setTitle(made.id, 'Uno')).title).toBe('Uno')
    expect(must(await sessions.list()).items.map(s => s.title)).toEqual(['Uno'])
    expect((await sessions.delete(made.id)).isOk()).toBe(true)
    expect(codeOf(await sessions.get(made.id))).toBe('not_found')
    expect(must(await sessions.list()).items).toEqual([])
  })

  it('refuses an id that is taken, by whichever bot', async () => {
    const { id } = must(await store.forBot('a').create())
    expect(codeOf(await store.forBot('b').create({ id }))).toBe('conflict')
  })

  it('is listed by newest activity, a page at a time', async () => {
    let now = 1_000
    await store[Symbol.asyncDispose]()
    store = await open({ clock: () => now })
    const sessions = store.forBot('a')
    const ids: string[] = []
    for (let i = 0; i < 5; i++) {
      ids.push(must(await sessions.create({ title: `s${i}` })).id)
      now++
    }
    await sessions.append(ids[1]!, { role: 'user', parts: text('last word') })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = must(await sessions.list({ limit: 2, ...(cursor ? { cursor } : {}) }))
      seen.push(...page.items.map(s => s.title))
      cursor = page.next
    } while (cursor)
    expect(seen).toEqual(['s1', 's4', 's3', 's2', 's0'])
    expect(codeOf(await sessions.list({ cursor: 'nonsense' }))).toBe('invalid_argument')
  })

  it('keeps data of its own', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    expect(must(await sessions.getData(id))).toEqual({})
    await sessions.setData(id, { agent: 'x-1' })
    expect(must(await sessions.getData(id))).toEqual({ agent: 'x-1' })
    expect(codeOf(await sessions.setData(id, { big: 'x'.repeat(20_000) }))).toBe('too_large')
  })
})

describe('messages', () => {
  it('are numbered from 1 without gaps, and read by page', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    await Promise.all(Array.from({ length: 25 }, (_, i) => sessions.append(id, { role: 'user', parts: text(`m${i}`) })))
    const newest = must(await sessions.messages(id, { limit: 10 }))
    expect(newest.items.map(m => m.seq)).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
    const older = must(await sessions.messages(id, { limit: 20, before: newest.next! }))
    expect(older.items.map(m => m.seq)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
    expect(older.next).toBeUndefined()
    const first = must(await sessions.messages(id, { limit: 3, after: 0 }))
    expect([first.items.map(m => m.seq), first.next]).toEqual([[1, 2, 3], 3])
    expect(must(await sessions.get(id)).messageCount).toBe(25)
  })

  it('come back as they were stored', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    const parts = [{ type: 'text', text: 'né\u0000 \ud800 "x" 漢字 🎉' }, { type: 'tool', id: 't1', title: 'ls', input: { a: [1, null] } }]
    const attachments = [{ id: 'f1', name: '../../etc/passwd', mediaType: 'text/plain', bytes: 3 }]
    const stored = must(await sessions.append(id, { role: 'bot', parts, attachments }))
    expect(stored).toMatchObject({ parts, attachments, seq: 1, state: 'complete', version: 1 })
    expect(must(await sessions.message(id, stored.id))).toEqual(stored)
  })

  it('are refused whole when too large or malformed', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    const codes = await Promise.all([
      sessions.append(id, { role: 'user', parts: text('x'.repeat(1024 * 1024 + 1)) }),
      sessions.append(id, { role: 'user', parts: [{ type: '' }] }),
      sessions.append(id, { role: 'user', parts: [{ type: 'text' }] }),
      sessions.append(id, { role: 'robot' as 'bot', parts: [] }),
      sessions.append('no', { role: 'user', parts: [] }),
    ])
    expect(codes.map(codeOf)).toEqual([
      'too_large', 'invalid_argument', 'invalid_argument', 'invalid_argument', 'not_found',
    ])
    expect(must(await sessions.get(id)).messageCount).toBe(0)
  })

  it('are edited only in the version the editor saw', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    const m = must(await sessions.append(id, { role: 'user', parts: text('tpyo') }))
    const edited = must(await sessions.edit(id, m.id, { parts: text('typo'), ifVersion: 1 }))
    expect([edited.version, edited.parts]).toEqual([2, text('typo')])
    expect(codeOf(await sessions.edit(id, m.id, { parts: text('late'), ifVersion: 1 }))).toBe('conflict')
  })
})

describe('asking', () => {
  it('stores the question and its pending reply together, once per key', async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    const question = { parts: text('Hello?'), idempotencyKey: 'k1' }
    const [first, again] = await Promise.all([sessions.ask(id, question), sessions.ask(id, question)])
    const a = must(first)
    const b = must(again)
    expect([a.repeated, b.repeated]).toEqual([false, true])
    expect([b.message.id, b.reply.id]).toEqual([a.message.id, a.reply.id])
    expect([a.message.seq, a.reply.seq, a.reply.state]).toEqual([1, 2, 'pending'])
    expect(codeOf(await sessions.ask(id, { ...question, parts: text('Other') }))).toBe('conflict')
    expect(must(await sessions.get(id)).messageCount).toBe(2)
  })
})

describe('a reply', () => {
  const begin = async () => {
    const sessions = store.forBot('a')
    const { id } = must(await sessions.create())
    const { reply } = must(await sessions.ask(id, { parts: text('Go') }))
    return { sessions, id, reply, writer: must(await sessions.openReply(id, reply.id)) }
  }

  it('streams, is readable on the way, and ends complete', async () => {
    const { sessions, id, reply, writer } = await begin()
    writer.appendText('Hel')
    writer.appendText('lo')
    writer.setPart('t1', { type: 'tool', id: 't1', status: 'pending' })
    writer.setPart('t1', { type: 'tool', id: 't1', status: 'completed' })
    writer.appendText('!')
    const parts = [...text('Hello'), { type: 'tool', id: 't1', status: 'completed' }, ...text('!')]
    expect(must(await sessions.message(id, reply.id))).toMatchObject({ state: 'streaming', parts })
    expect(must(await writer.finish({ state: 'complete' }))).toMatchObject({ state: 'complete', parts })
    expect(must(await sessions.message(id, reply.id))).toEqual(writer.current())
    expect(codeOf(writer.appendText('late'))).toBe('conflict')
    expect(codeOf(await writer.finish({ state: 'failed' }))).toBe('conflict')
  })

  it('can be opened once only', async () => {
    const { sessions, id, reply } = await begin()
    expect(codeOf(await sessions.openReply(id, reply.id))).toBe('conflict')
  })

  it('keeps the text it had when the store is closed under it, and recovers as failed', async () => {
    const { id, reply, writer } = await begin()
    writer.appendText('half a sent')
    const waiting = must(await store.forBot('b').create())
    const asked = must(await store.forBot('b').ask(waiting.id, { parts: text('Next') }))
    await store[Symbol.asyncDispose]()
    store = await open()
    const { failed, pending } = must(await store.recover())
    expect(failed.map(f => [f.botId, f.message.id, f.message.state, f.message.parts])).toEqual([['a', reply.id, 'failed', text('half a sent')]])
    expect(failed[0]!.message.error?.code).toBe('internal')
    expect(pending.map(p => [p.botId, p.message.id])).toEqual([['b', asked.reply.id]])
    expect(must(await store.forBot('a').message(id, reply.id)).state).toBe('failed')
  })

  it('refuses text beyond the limit and keeps what it has', async () => {
    await store[Symbol.asyncDispose]()
    store = await open({ limits: { maxTextBytes: 10 } })
    const { writer } = await begin()
    expect(writer.appendText('12345678').isOk()).toBe(true)
    expect(codeOf(writer.appendText('901'))).toBe('too_large')
    expect(must(await writer.finish({ state: 'cancelled' })).parts).toEqual(text('12345678'))
  })
})

describe('the store', () => {
  it('finds the bot of a session, checks itself and counts', async () => {
    const { id } = must(await store.forBot('a', { userId: 'u' }).create())
    await store.forBot('a', { userId: 'u' }).append(id, { role: 'user', parts: text('x') })
    expect(must(await store.botOf(id))).toBe('a')
    expect(must(await store.scopeOf(id))).toEqual({ botId: 'a', userId: 'u' })
    expect(codeOf(await store.botOf('00000000-0000-7000-8000-000000000000'))).toBe('not_found')
    expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    expect((await store.checkWritable()).isOk()).toBe(true)
    expect(store.snapshot()).toMatchObject({ engine: 'sqlite', sessions: 1, messages: 1, openReplies: 0, queuedWrites: 0 })
  })

  it('answers unavailable once closed', async () => {
    const sessions = store.forBot('a')
    await store[Symbol.asyncDispose]()
    expect(codeOf(await sessions.create())).toBe('unavailable')
    expect(codeOf(await sessions.list())).toBe('unavailable')
  })

  it('tells each door of its own changes only', async () => {
    const heard: string[] = []
    const all: string[] = []
    store.forBot('a').onEvent(event => heard.push(event.type))
    const stop = store.onEvent(event => all.push(`${event.botId} ${event.type}`))
    const { id } = must(await store.forBot('a').create())
    await store.forBot('b').create()
    await store.forBot('a').append(id, { role: 'user', parts: text('x') })
    stop()
    await store.forBot('a').delete(id)
    expect(heard).toEqual(['session', 'message', 'session-deleted'])
    expect(all).toEqual(['a session', 'b session', 'a message'])
  })
})
