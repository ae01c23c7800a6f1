import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Bot } from '../src/hive/model.ts'
import { bundled, testBot } from './bot-fixture.ts'

const keeper = bundled('keeper')

const bot = (id: string, own: Partial<Bot> = {}): Bot => ({
  id, name: id.toUpperCase(), description: `Does ${id}.`, command: ['x'], state: 'ready', paused: false, commands: [],
  maxConcurrent: 4, running: 0, queued: 0, restarts: 0, ...own,
})

const health = (ready: boolean) => ({
  ready, score: 71.25, grade: 'degraded', confidence: 0.9, gate: null, why: ['hive: 71.25 of 100, degraded, 90 % known.', '−20: p95 latency at 3000 ms.'],
  bots: { ready: 1, expected: 2 }, alerts: [{ rule: 'latency', severity: 'warning', since: Date.now() - 61_000 }],
  trend: {
    points: 240, level: 72.5, direction: 'falling', slopePerHour: -12.04, shift: { direction: 'down', at: Date.now() - 600_000, before: 98, after: 72 },
    criticalIn: { ms: 9_000_000, earliestMs: 7_200_000, latestMs: null },
  },
  mode: { mode: 'reduced', off: ['long queues'], since: Date.now() - 30_000, reason: 'Its causes last.', causes: [{ name: 'low score', mode: 'reduced' }], override: null },
})

/** A stand-in for the hive that answers over real HTTP as the contract says. */
const standIn = async () => {
  const calls: string[] = []
  let ready = true
  const bots = [
    bot('alpha', { running: 1, queued: 2, restarts: 3, startedAt: Date.now() - 3_700_000, commands: [{ name: 'go', description: 'Goes.', hint: '<where>' }] }),
    bot('beta', { state: 'stopped', reason: 'Exited with code 1: a|b' }),
  ]
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim())
    const json = (body: unknown, status = 200) => response
      .writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
      .end(JSON.stringify(body))
    const [, verb] = /^\/api\/bots\/alpha\/(launch|stop|restart|pause|resume)$/.exec(request.url ?? '') ?? []
    if (request.url === '/api/bots') return json({ items: bots })
    if (request.url === '/api/hive') return json({ name: 'bot-hive', version: '1.2.3', startedAt: Date.now() - 90_000, auth: true, state: 'running' })
    if (request.url === '/api/bots/alpha/log') return json({ items: [{ at: 0, stream: 'stderr', text: 'a ``` fence' }] })
    if (request.url === '/api/bots/beta/log') return json({ items: [] })
    if (request.url === '/api/health') return json(health(ready), ready ? 200 : 503)
    if (request.url === '/api/mode') return json({ ...health(true).mode, mode: request.method === 'PUT' ? 'maintenance' : 'full' })
    if (request.url === '/metrics')
      return response.end('# TYPE hive_messages_total counter\nhive_messages_total{bot="alpha"} 7\nhive_latency_bucket{le="1"} 3\nhive_up 1\n')
    if (verb) return json({ ...bots[0], state: verb === 'stop' ? 'stopped' : 'ready', paused: verb === 'pause' })
    return json({ code: 'not_found', kind: 'permanent', status: 404, title: 'x', type: 'x', detail: 'No such thing.' }, 404)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const HIVE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { calls, operatorEnv: () => ({ HIVE_URL, HIVE_TOKEN: 'token' }), bots, fill: () => (ready = false) }
}

const launched = async () => {
  const hive = await standIn()
  const it = testBot(keeper, { operatorEnv: hive.operatorEnv })
  await it.bot.launch()
  const say = async (text: string) => {
    const asked = it.ask(text)
    const result = await asked.result
    return result.match(() => asked.text(), error => error.message)
  }
  return { ...it, hive, say }
}

describe('the keeper', () => {
  test('says what it can do', async () => {
    const { until, say } = await launched()
    const { commands } = await until(snapshot => snapshot.commands.length > 0)
    expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining([
      'status', 'bots', 'launch', 'stop', 'restart', 'pause', 'resume', 'log', 'health', 'mode', 'metrics', 'help',
    ]))
    expect(await say('hello there')).toContain('- `/launch <bot>` Starts a bot that is stopped.')
  })

  test('tells how the hive and its bots are', async () => {
    const { say, hive } = await launched()
    expect(await say('/status')).toBe([
      '**bot-hive 1.2.3** is running, for 1 min 30 s now.',
      '',
      '| Bot | State | Running | Waiting | Crashes | Up | Reason |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| ALPHA | ready | 1 of 4 | 2 | 3 | 1 h 1 min |  |',
      String.raw`| BETA | stopped | 0 of 4 | 0 | 0 | – | Exited with code 1: a\|b |`,
    ].join('\n'))
    expect(hive.calls).toContain('GET /api/bots Bearer token')
    expect(await say('/bots')).toContain('- **ALPHA** (`alpha`) Does alpha.\n  - `/go <where>` Goes.')
  })

  test('operates a bot by its id or name', async () => {
    const { say, hive } = await launched()
    expect(await say('/launch alpha')).toBe('**ALPHA** is ready.')
    expect(await say('/stop Alpha')).toBe('**ALPHA** is stopped.')
    expect(await say('/pause alpha')).toBe('**ALPHA** is ready, paused.')
    expect(await say('/resume alpha')).toBe('**ALPHA** is ready.')
    expect(await say('/restart alpha')).toBe('**ALPHA** is ready.')
    expect(hive.calls.filter(call => call.startsWith('POST'))).toEqual([
      'POST /api/bots/alpha/launch Bearer token', 'POST /api/bots/alpha/stop Bearer token', 'POST /api/bots/alpha/pause Bearer token',
      'POST /api/bots/alpha/resume Bearer token', 'POST /api/bots/alpha/restart Bearer token',
    ])
    expect(await say('/launch')).toBe('Which bot? For example `/launch alpha`.')
    expect(await say('/launch gamma')).toContain('There is no bot "gamma". There are: alpha, beta.')
    expect(await say('/launch beta')).toContain('No such thing.')
  })

  test('does not cut off its own answer', async () => {
    const { say, hive } = await launched()
    hive.bots.push(bot('keeper'))
    expect(await say('/stop keeper')).toMatch(/^I would cut off my own answer/)
    expect(hive.calls.filter(call => call.startsWith('POST'))).toEqual([])
  })

  test('shows logs, health and metrics', async () => {
    const { say, hive } = await launched()
    expect(await say('/log alpha')).toContain('````text\n00:00:00 a ``` fence\n````')
    expect(await say('/log beta')).toBe('**BETA** has printed nothing.')
    expect(await say('/health')).toBe([
      'The hive is **ready** and **degraded**: 71.3 of 100, 90 % known.', '1 of 2 bots can answer. Mode: reduced.', '- warning: latency, for 1 min 1 s',
    ].join('\n'))
    expect(await say('/health why')).toContain('- −20: p95 latency at 3000 ms.')
    expect(await say('/health trend')).toBe([
      'The score is **falling**, about 72.5 now, by -12 an hour (240 points).', 'It went down from 98 to 72 10 min 0 s ago.',
      'It will be critical in about 2 h 30 min (2 h 0 min to never).',
    ].join('\n'))
    hive.fill()
    expect(await say('/health')).toMatch(/^The hive is \*\*not ready\*\*/)
    expect(await say('/metrics')).toBe([
      '| Metric | Labels | Value |', '| --- | --- | --- |',
      String.raw`| hive\_messages\_total | bot="alpha" | 7 |`, String.raw`| hive\_up |  | 1 |`,
    ].join('\n'))
    expect(await say('/metrics messages')).not.toContain('up')
  })

  test('tells and sets the mode', async () => {
    const { say, hive } = await launched()
    expect(await say('/mode')).toBe([
      'The hive is in mode **reduced**, for 30 s now. Its causes last.', 'Switched off: long queues.', '- low score asks for reduced',
    ].join('\n'))
    expect(await say('/mode maintenance 10 moving the disk')).toContain('**maintenance**')
    expect(await say('/mode auto')).toContain('**full**')
    expect(await say('/mode maintenance')).toMatch(/^For example/)
    expect(hive.calls.slice(-2)).toEqual(['PUT /api/mode Bearer token', 'DELETE /api/mode Bearer token'])
  })

  test('says when it cannot reach the hive', async () => {
    const cases: [Record<string, string>, string][] = [
      [{}, 'HIVE_URL is not set'],
      [{ HIVE_URL: 'http://127.0.0.1:9' }, 'I cannot reach the hive at http://127.0.0.1:9.'],
    ]
    for (const [env, expected] of cases) {
      const { bot: process, ask } = testBot(keeper, { operatorEnv: () => env })
      await process.launch()
      expect((await ask('/status').result)._unsafeUnwrapErr().message).toContain(expected)
    }
  })
})
