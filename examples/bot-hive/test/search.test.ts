import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createHiveClient } from '../src/client/client.ts'
import { dataOf } from '../src/client/data-of.ts'
import { echoBot, startHive, type RunningHive } from './start-hive.ts'

let hive: RunningHive
let client: ReturnType<typeof createHiveClient>

beforeAll(async () => {
  hive = await startHive({ bots: [echoBot(), echoBot({ id: 'other' })] })
  client = createHiveClient({ url: hive.url })
  await vi.waitFor(async () => expect(dataOf(await client.GET('/api/bots')).items.every(({ state }) => state === 'ready')).toBe(true), 15_000)
})
afterAll(() => hive[Symbol.asyncDispose]())

const begin = async (botId: string, title: string) =>
  dataOf(await client.POST('/api/bots/{botId}/sessions', { params: { path: { botId } }, body: { title } })).id
const messages = async (sessionId: string) =>
  dataOf(await client.GET('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } } })).items
const say = async (sessionId: string, text: string) => {
  dataOf(await client.POST('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } }, body: { text } }))
  await expect.poll(async () => (await messages(sessionId)).at(-1)?.state, { timeout: 5000 }).toBe('complete')
  return (await messages(sessionId)).at(-1)!.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}
const search = async (query: { q: string; bot?: string; limit?: number; cursor?: string }) =>
  dataOf(await client.GET('/api/search', { params: { query } }))
const download = (sessionId: string, format: string) => fetch(`${hive.url}/api/sessions/${sessionId}/export?format=${format}`)

test('what was said is found in the sessions of one bot or of all, page by page', async () => {
  const [here, there] = [await begin('echo', 'Here'), await begin('other', 'There')]
  await say(here, 'a pelican flies')
  await say(there, 'no PELICAN swims')
  const ids = (hits: { sessionId: string }[]) => new Set(hits.map(({ sessionId }) => sessionId))
  expect(ids((await search({ q: 'pelican' })).items)).toEqual(new Set([here, there]))
  const one = await search({ q: 'pelican', bot: 'echo' })
  expect(one.items).toHaveLength(2)
  expect(one.items[0]).toMatchObject({ botId: 'echo', sessionId: here, sessionTitle: 'Here', role: 'bot', seq: 2 })
  expect(one.items[0]!.snippet).toContainEqual({ text: 'pelican', hit: true })

  const first = await search({ q: 'pelican', limit: 3 })
  const second = await search({ q: 'pelican', limit: 3, cursor: first.next! })
  expect([first.items.length, second.items.length, second.next]).toEqual([3, 1, undefined])
  expect((await search({ q: 'walrus' })).items).toEqual([])
  expect((await client.GET('/api/search', { params: { query: { q: 'x', bot: 'nobody' } } })).error).toMatchObject({ status: 404 })
  expect((await client.GET('/api/search', { params: { query: { q: '' } } })).error).toMatchObject({ status: 400 })
})

test('a session is downloaded as a file in every form', async () => {
  const session = await begin('echo', 'Über "quotes"')
  await say(session, 'take this with you')
  for (const [format, type, ending] of [
    ['json', 'application/json', 'json'], ['markdown', 'text/markdown', 'md'], ['text', 'text/plain', 'txt'], ['pdf', 'application/pdf', 'pdf'],
  ] as const) {
    const response = await download(session, format)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain(type)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="_ber quotes.${ending}"; filename*=UTF-8''%C3%9Cber%20quotes.${ending}`)
    const body = Buffer.from(await response.arrayBuffer()).toString('latin1')
    expect(body).toContain(format === 'pdf' ? '%PDF-' : 'take this with you')
  }
  expect(JSON.parse(await (await download(session, 'json')).text())).toMatchObject({ session: { id: session }, messages: [{ seq: 1 }, { seq: 2 }] })
  expect((await download(session, 'exe')).status).toBe(400)
  const unknown = await download('018f0000-0000-7000-8000-000000000000', 'pdf')
  expect([unknown.status, unknown.headers.get('content-disposition')]).toEqual([404, null])
})

test('an export is work of the hive, and ends with its reader', async () => {
  const { queue: before } = dataOf(await client.GET('/api/capacity'))
  const session = await begin('echo', 'long')
  await say(session, 'x'.repeat(900_000))
  const counts = async () => dataOf(await client.GET('/api/capacity')).queue
  const left = new AbortController()
  const reading = await fetch(`${hive.url}/api/sessions/${session}/export?format=json`, { signal: left.signal })
  expect(reading.status).toBe(200)
  left.abort()
  await expect.poll(async () => (await counts()).running).toBe(0)
  await (await download(session, 'json')).text()
  // The reply, and two exports.
  await expect.poll(async () => (await counts()).submitted - before.submitted).toBe(3)
})

test('the keeper finds and exports', async () => {
  const session = await begin('echo', 'Birds')
  await say(session, 'the albatross glides')
  const keeper = await begin('keeper', '')
  const found = await say(keeper, '/search albatross')
  expect(found.split('\n')).toHaveLength(2)
  expect(found).toContain(`- [Birds](#/bots/echo/sessions/${session}) (echo, `)
  expect(found).toContain('the **albatross** glides')
  // By now it was asked for and answered here too.
  expect(await say(keeper, '/search albatross')).toBe(found)
  expect(await say(keeper, '/search platypus')).toBe('Nothing that was said has that.')
  const links = await say(keeper, `/export ${session}`)
  expect(links).toContain(`[pdf](/api/sessions/${session}/export?format=pdf)`)
  const path = /\[markdown\]\((.*?)\)/.exec(links)![1]!
  expect(await (await fetch(new URL(path, hive.url))).text()).toContain('# Birds')
})
