import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createHiveClient } from '../src/client/client.ts'
import { dataOf } from '../src/client/data-of.ts'
import { echoBot, startHive, type RunningHive } from './start-hive.ts'

const slow = echoBot({ id: 'slow', delayMs: 300, maxConcurrent: 1 })
let hive: RunningHive
let client: ReturnType<typeof createHiveClient>

beforeAll(async () => {
  hive = await startHive({ bots: [slow, { ...slow, id: 'extra', autoStart: false }] })
  client = createHiveClient({ url: hive.url })
  await vi.waitFor(async () => expect((await bot('slow')).state).toBe('ready'), 10_000)
})
afterAll(() => hive[Symbol.asyncDispose]())

const bot = async (botId: string) => dataOf(await client.GET('/api/bots/{botId}', { params: { path: { botId } } }))
const begin = async () => dataOf(await client.POST('/api/bots/{botId}/sessions', { params: { path: { botId: 'slow' } }, body: {} })).id
const say = async (sessionId: string, text: string) =>
  dataOf(await client.POST('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } }, body: { text } }))
const states = async (sessionId: string) =>
  dataOf(await client.GET('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } } })).items.map(({ state }) => state)

test('what a busy bot cannot do yet waits, its place is told, and nothing is dropped', async () => {
  const sessions = await Promise.all([1, 2, 3].map(begin))
  const places = []
  for (const session of sessions) places.push((await say(session, 'hello')).ahead)
  expect(places).toEqual([0, 0, 1])
  await expect.poll(async () => (await bot('slow')).queued).toBe(2)
  const report = dataOf(await client.GET('/api/capacity'))
  expect(report).toMatchObject({ binding: 'repliesPerBot', queue: { queued: 2, running: 1 } })
  await expect.poll(async () => (await Promise.all(sessions.map(states))).flat(), { timeout: 5000 }).toEqual(Array(6).fill('complete'))
})

test('cancelling takes out what waits and what runs, and the next in line goes on', async () => {
  const [first, second] = [await begin(), await begin()]
  for (const text of ['one', 'two', 'three']) await say(first, text)
  await say(second, 'mine')
  const { cancelled } = dataOf(await client.POST('/api/sessions/{sessionId}/cancel', { params: { path: { sessionId: first } } }))
  expect(cancelled).toBe(3)
  await expect.poll(() => states(first)).toEqual(['complete', 'cancelled', 'complete', 'cancelled', 'complete', 'cancelled'])
  await expect.poll(() => states(second)).toEqual(['complete', 'complete'])
})

test('a paused bot keeps its queue; resumed, it goes on', async () => {
  const act = async (path: '/api/bots/{botId}/pause' | '/api/bots/{botId}/resume') => dataOf(await client.POST(path, { params: { path: { botId: 'slow' } } }))
  expect(await act('/api/bots/{botId}/pause')).toMatchObject({ paused: true })
  const session = await begin()
  await say(session, 'later')
  expect(await states(session)).toEqual(['complete', 'pending'])
  await act('/api/bots/{botId}/resume')
  await expect.poll(() => states(session)).toEqual(['complete', 'complete'])
})

test('a stopped bot lets go of what waits, saying so, and takes nothing new until it is launched', async () => {
  const session = await begin()
  for (const text of ['running', 'waiting']) await say(session, text)
  const stopped = client.POST('/api/bots/{botId}/stop', { params: { path: { botId: 'slow' } } })
  expect(dataOf(await stopped).state).toBe('stopped')
  await expect.poll(() => states(session)).toEqual(['complete', 'complete', 'complete', 'failed'])
  const refused = await client.POST('/api/sessions/{sessionId}/messages', { params: { path: { sessionId: session } }, body: { text: 'hello?' } })
  expect(refused.error).toMatchObject({ status: 409, detail: expect.stringContaining('Launch it') })
  await client.POST('/api/bots/{botId}/launch', { params: { path: { botId: 'slow' } } })
  await say(session, 'again')
  await expect.poll(async () => (await states(session)).at(-1)).toBe('complete')
})

test('a limit changes at once: no more bots than allowed are launched', async () => {
  const running = dataOf(await client.GET('/api/capacity')).limits.find(({ name }) => name === 'bots')!.used!
  const limited = dataOf(await client.PATCH('/api/capacity/limits', { body: { bots: running } }))
  expect(limited.limits.find(({ name }) => name === 'bots')).toMatchObject({ max: running, headroom: 0 })
  const launch = () => client.POST('/api/bots/{botId}/launch', { params: { path: { botId: 'extra' } } })
  const refused = await launch()
  expect(refused.error).toMatchObject({ status: 503, code: 'capacity_exceeded' })
  expect(Number(refused.response.headers.get('retry-after'))).toBeGreaterThan(0)
  await client.PATCH('/api/capacity/limits', { body: { bots: running + 1 } })
  expect(dataOf(await launch()).state).toBe('ready')
})

test("KEDA's scaler reads the load", async () => {
  expect(dataOf(await client.GET('/api/capacity/keda'))).toMatchObject({ load: 0, queued: 0 })
})
