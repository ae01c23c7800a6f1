import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createHiveClient } from '../src/client/client.ts'
import { dataOf } from '../src/client/data-of.ts'
import { echoBot, startHive, type RunningHive } from './start-hive.ts'

let hive: RunningHive
let client: ReturnType<typeof createHiveClient>
const bots = ['keeper', 'worker', 'llm', 'echo', 'slow'] as const

beforeAll(async () => {
  hive = await startHive({ bots: [echoBot(), echoBot({ id: 'slow', delayMs: 600, maxConcurrent: 1 })], replyTargetMs: 250 })
  client = createHiveClient({ url: hive.url })
  await vi.waitFor(async () => expect((await health()).bots).toEqual({ ready: bots.length, expected: bots.length }), 15_000)
}, 20_000)
afterAll(() => hive[Symbol.asyncDispose]())

const health = async () => dataOf(await client.GET('/api/health'))
const operate = async (action: 'launch' | 'stop') => {
  const path = `/api/bots/{botId}/${action}` as const
  for (const botId of bots) dataOf(await client.POST(path, { params: { path: { botId } } }))
}
const begin = async (botId: string) => dataOf(await client.POST('/api/bots/{botId}/sessions', { params: { path: { botId } }, body: {} })).id
const say = async (sessionId: string, text: string) => client.POST('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } }, body: { text } })
const lastOf = async (sessionId: string) =>
  dataOf(await client.GET('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } } })).items.at(-1)!
/** What the keeper answers. */
const ask = async (text: string) => {
  const session = await begin('keeper')
  dataOf(await say(session, text))
  const reply = await vi.waitFor(async () => {
    const last = await lastOf(session)
    expect(last).toMatchObject({ role: 'bot', state: 'complete' })
    return last
  }, 5_000)
  return reply.parts.map(part => ('text' in part ? part.text : '')).join('')
}

test('an idle hive is healthy, and says that it does not know how fast it answers', async () => {
  const report = await vi.waitFor(async () => {
    const now = await health()
    expect(now.score).toBeGreaterThan(75)
    return now
  }, 8_000)
  expect(report).toMatchObject({ ready: true, gate: null, mode: { mode: 'full', off: [] } })
  expect(report.confidence).toBeLessThan(1)
  expect(report.why.join()).toContain('latencyMs (missing)')
})

test('slow answers cost points, and the contributions account for all of them', async () => {
  const session = await begin('slow')
  for (const text of ['one', 'two', 'three']) dataOf(await say(session, text))
  const report = await vi.waitFor(async () => {
    const now = await health()
    expect(now.contributions.find(({ signal }) => signal === 'latencyMs')?.points).toBeGreaterThan(5)
    return now
  }, 15_000)
  expect(report.contributions.reduce((sum, { points }) => sum + points, report.score!)).toBeCloseTo(100, 9)
  const { share: latency } = report.signals.find(({ signal }) => signal === 'latencyMs')!
  const { share: cpu } = report.signals.find(({ signal }) => signal === 'cpuRatio')!
  expect(latency).toBeGreaterThanOrEqual(3 * cpu)
}, 20_000)

test('with all bots stopped the score is capped and says why; launched again it recovers', async () => {
  await operate('stop')
  const dead = await vi.waitFor(async () => {
    const now = await health()
    expect(now).toMatchObject({ score: 0, grade: 'critical', gate: 'no bot is ready', bots: { ready: 0, expected: bots.length } })
    return now
  }, 8_000)
  expect(dead.ready).toBe(true)
  expect(dead.why.join('\n')).toContain('capped, no bot is ready')
  await expect.poll(async () => (await health()).alerts, { timeout: 15_000 }).toContainEqual(expect.objectContaining({ rule: 'health', severity: 'critical' }))
  await expect.poll(async () => (await health()).mode.mode, { timeout: 20_000 }).toMatch(/reduced|essential/)
  const figures = await (await fetch(`${hive.url}/metrics`)).text()
  expect(figures).toMatch(/^hive_health_score 0$/m)
  expect(figures).toMatch(/^hive_mode\{mode="full"\} 0$/m)

  await operate('launch')
  await expect.poll(async () => (await health()).gate, { timeout: 8_000 }).toBeNull()
  expect((await health()).score).toBeGreaterThan(40)
}, 60_000)

test('the keeper tells it: short, why, and where it is going', async () => {
  expect(await ask('/health')).toMatch(/^The hive is \*\*ready\*\* and \*\*\w+\*\*: [\d.]+ of 100/)
  expect(await ask('/health why')).toMatch(/^- hive: [\d.]+ of 100/)
  expect(await ask('/health trend')).toMatch(/^The score is \*\*(steady|rising|falling)\*\*/)
  expect(await ask('/mode')).toMatch(/^The hive is in mode \*\*\w+\*\*/)
})

test('maintenance, which a person switches on, refuses messages but to those who operate the hive', async () => {
  const session = await begin('echo')
  expect(await ask('/mode maintenance 10 moving the disk')).toMatch(/A person says so: moving the disk\nSwitched off: .*chat\.\n[^]*It stays so for 10 min/)
  const refused = await say(session, 'hello')
  expect(refused.error).toMatchObject({ status: 503, detail: 'The hive is in maintenance: moving the disk.' })
  expect(await ask('/mode auto')).not.toContain('chat')
  expect((await say(session, 'hello')).response.status).toBe(202)
})

test('exports go first; in essential mode a bot lets only few messages wait', async () => {
  const go = async (mode: 'full' | 'reduced' | 'essential') => dataOf(await client.PUT('/api/mode', { body: { mode, forMs: 60_000, reason: 'a test' } }))
  expect(await go('essential')).toMatchObject({ mode: 'essential', off: ['exports', 'long queues', 'queues'] })
  const session = await begin('slow')
  const answers = []
  for (let i = 0; i < 13; i++) answers.push((await say(session, `message ${i}`)).response.status)
  expect(answers.slice(0, 10)).toEqual(Array(10).fill(202))
  expect(answers).toContain(503)
  await go('reduced')
  dataOf(await say(session, 'one more'))
  const exported = async () => (await fetch(`${hive.url}/api/sessions/${session}/export?format=json`)).status
  expect(await exported()).toBe(503)
  await go('full')
  expect(await exported()).toBe(200)
  expect(dataOf(await client.DELETE('/api/mode')).override).toBeNull()
  await client.POST('/api/sessions/{sessionId}/cancel', { params: { path: { sessionId: session } } })
})

test('who asks for application/health+json gets that', async () => {
  const response = await fetch(`${hive.url}/api/health`, { headers: { accept: 'application/health+json' } })
  expect(response.headers.get('content-type')).toContain('application/health+json')
  expect(await response.json()).toMatchObject({ status: expect.stringMatching(/pass|warn/), serviceId: 'bot-hive', checks: { 'readyRatio:value': [{ observedValue: 1 }] } })
})
