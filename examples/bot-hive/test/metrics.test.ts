import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hiveAlerts, hiveDashboard, parseSelector } from '@hivekit/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { echoBot, startHive, temporaryFolder, type RunningHive } from './start-hive.ts'

let hive: RunningHive
const env = { HIVE_SCRAPE_MS: '100' }

beforeAll(async () => {
  hive = await startHive({ bots: [echoBot()], env })
})
afterAll(() => hive[Symbol.asyncDispose]())

const get = async (path: string, at = hive) => {
  const response = await fetch(at.url + path)
  return { status: response.status, body: JSON.parse(await response.text()) }
}
const post = async (path: string, body: unknown) => {
  const response = await fetch(hive.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  return await response.json() as { readonly id: string }
}
const query = (asked: Readonly<Record<string, string>>, at = hive) => get(`/api/metrics/query?${new URLSearchParams(asked).toString()}`, at)
const last = async (match: string, at = hive): Promise<number | undefined> => (await query({ match }, at)).body.series?.[0]?.values.at(-1)

const say = async (bot: string, text: string) => {
  const { id } = await post(`/api/bots/${bot}/sessions`, {})
  await post(`/api/sessions/${id}/messages`, { text })
  const reply = async () => (await get(`/api/sessions/${id}/messages`)).body.items.at(-1)
  await expect.poll(reply, { timeout: 10_000 }).toMatchObject({ role: 'bot', state: 'complete' })
  return (await reply()).parts.map((part: { readonly text: string }) => part.text).join('') as string
}

test('figures are kept and can be asked for', async () => {
  await say('echo', 'hello')
  await expect.poll(() => last('hive_messages_total{bot="echo"}'), { timeout: 10_000 }).toBe(1)
  await expect.poll(() => last('hive_bot_up{bot="echo"}'), { timeout: 10_000 }).toBe(1)
  const { body } = await query({ match: 'hive_bot_up', aggregate: 'max', by: 'bot', stepMs: '60000' })
  expect(body).toMatchObject({ resolutionMs: 0, problems: [] })
  expect(body.times).toHaveLength(61)
  const echo = body.series.find(({ labels }: { labels: object }) => 'bot' in labels && labels.bot === 'echo')
  expect(echo.values).toHaveLength(61)
  expect(echo.values.at(-1)).toBe(1)
  expect(echo.values[0], 'nothing was measured an hour ago').toBe(null)
})

test.each<[string, Readonly<Record<string, string>>]>([
  ['no selector', {}],
  ['a selector that is none', { match: 'up{' }],
  ['a selector of everything', { match: '{}' }],
  ['a broken regular expression', { match: 'up{a=~"("}' }],
  ['an unknown function', { match: 'up', fn: 'guess' }],
  ['a step of nothing', { match: 'up', stepMs: '0' }],
  ['an end before the beginning', { match: 'up', from: '2000', to: '1000' }],
  ['too many moments', { match: 'up', from: '0', to: '1000000', stepMs: '1' }],
  ['labels without an aggregation', { match: 'up', by: 'bot' }],
  ['a forecast of nowhere', { match: 'up', fn: 'forecast' }],
  ['a parameter that is none', { match: 'up', colour: 'red' }],
])('a query with %s is refused with a problem document', async (_what, asked) => {
  await expect.poll(() => last('process_start_time_seconds'), { timeout: 10_000 }).toBeGreaterThan(0)
  expect(await query(asked)).toMatchObject({ status: 400, body: { code: 'invalid_argument', detail: expect.any(String) } })
})

test('what the dashboard and the alerts ask for is what the hive measures', async () => {
  await say('echo', 'hello')
  const asked = new Set([
    ...hiveDashboard().panels.flatMap(({ queries }) => queries.flatMap(({ match, per }) => [match, ...(per ? [per.match] : [])])),
    ...hiveDashboard().variables.map(({ match }) => match),
    ...hiveAlerts().flatMap(({ condition }) => condition.kind === 'threshold' ? [condition.query.match]
      : condition.kind === 'burn-rate' ? [condition.errors, condition.total] : [condition.match]),
  ].map(match => parseSelector(match).find(({ name }) => name === '__name__')!.value))
  expect(asked.size).toBeGreaterThan(8)
  for (const name of asked) await expect.poll(async () => (await query({ match: name })).body.series?.length, { timeout: 10_000, message: name }).toBeGreaterThan(0)
})

test('the dashboard is given as it is and for others', async () => {
  expect((await get('/api/dashboards')).body.items).toEqual([{ name: 'hive', title: 'The hive', description: expect.any(String) }])
  const definition = (await get('/api/dashboards/hive')).body
  expect(definition).toEqual(JSON.parse(JSON.stringify(hiveDashboard())))
  expect((await get('/api/dashboards/hive.json')).body).toEqual(definition)
  expect((await get('/api/dashboards/hive.json?format=grafana')).body).toMatchObject({ title: 'The hive', schemaVersion: expect.any(Number) })
  expect((await get('/api/dashboards/hive.json?format=perses')).body).toMatchObject({ kind: 'Dashboard', metadata: { name: 'hive' } })
  expect(await get('/api/dashboards/hive.json?format=excel')).toMatchObject({ status: 400 })
  expect(await get('/api/dashboards/nothing')).toMatchObject({ status: 404 })
})

test('a bot that is down is an alert, which a restart of the hive remembers', async () => {
  const dataDir = temporaryFolder()
  const bots = [echoBot({ autoStart: false })]
  const down = async (at: RunningHive) =>
    (await get('/api/alerts', at)).body.items.find(({ alert, labels }: { alert: string; labels: { bot?: string } }) => alert === 'BotDown' && labels.bot === 'echo')
  let since = 0
  try {
    {
      await using first = await startHive({ bots, env, dataDir })
      await expect.poll(() => down(first), { timeout: 10_000 }).toMatchObject({ state: 'pending', severity: 'critical', value: 0, summary: 'echo does not answer' })
      since = (await down(first)).activeAt
      first.kill('SIGTERM')
      expect(await first.exited).toBe(0)
    }
    expect(JSON.parse(readFileSync(join(dataDir, 'alerts.json'), 'utf8'))).toMatchObject({ version: 1 })
    await using second = await startHive({ bots, env, dataDir })
    await expect.poll(async () => (await down(second))?.activeAt, { timeout: 10_000 }).toBe(since)
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('a hive whose figures cannot be kept does its work and says so', async () => {
  const dataDir = temporaryFolder()
  mkdirSync(join(dataDir, 'metrics.db'))
  try {
    await using odd = await startHive({ bots: [echoBot()], env, dataDir })
    await expect.poll(() => odd.output(), { timeout: 10_000 }).toMatch(/Figures are not kept: .*metrics\.db/)
    expect(await query({ match: 'up' }, odd)).toMatchObject({ status: 503, body: { code: 'unavailable', detail: expect.stringContaining('metrics.db') } })
    expect(await get('/readyz', odd)).toMatchObject({ status: 200 })
    rmSync(join(dataDir, 'metrics.db'), { recursive: true })
    await expect.poll(() => last('process_start_time_seconds', odd), { timeout: 10_000 }).toBeGreaterThan(0)
    expect(odd.output().match(/Figures are not kept/g), 'said once').toHaveLength(1)
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('the keeper draws the last hour of a figure', async () => {
  await expect.poll(() => last('hive_bot_up{bot="echo"}'), { timeout: 10_000 }).toBe(1)
  await expect.poll(async () => (await get('/api/bots/keeper')).body.state, { timeout: 10_000 }).toBe('ready')
  const told = await say('keeper', '/metrics hive_bot_up')
  expect(told).toContain(String.raw`| Labels | Course | Last | Least | Most |`)
  expect(told).toMatch(/^\| bot="echo" \| [▁▂▃▄▅▆▇█·]+ \| 1 \| [01] \| 1 \|$/m)
})
