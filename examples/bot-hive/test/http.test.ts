import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect } from 'node:net'
import { echoBot, startHive, type RunningHive } from './start-hive.ts'

let hive: RunningHive

beforeAll(async () => {
  hive = await startHive({ bots: [echoBot()] })
})
afterAll(() => hive[Symbol.asyncDispose]())

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(hive.url + path, {
    method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' || body instanceof Uint8Array ? body as string : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: text ? JSON.parse(text) : undefined }
}
const newSession = async () => (await call('POST', '/api/bots/echo/sessions', {})).body.id as string
const messagesOf = async (id: string) => (await call('GET', `/api/sessions/${id}/messages`)).body.items as { role: string; state: string; parts: { text: string }[] }[]

test('a message is answered 202 when it is stored, and its reply comes over the event stream', async () => {
  const session = await newSession()
  const events = await fetch(`${hive.url}/api/events?session=${session}`)
  const sent = await call('POST', `/api/sessions/${session}/messages`, { text: 'hello' })
  expect(sent).toMatchObject({ status: 202, body: { ahead: 0 } })
  const complete = await nextEvent(events, event => event.type === 'message' && event.message.role === 'bot' && event.message.state === 'complete')
  expect(complete.message).toMatchObject({ id: sent.body.replyId, seq: 2, parts: [{ type: 'text', text: 'hello' }] })
  expect(await messagesOf(session)).toMatchObject([{ role: 'user', state: 'complete' }, { role: 'bot', state: 'complete' }])
})

test('the same Idempotency-Key twice stores once; with other words it is a conflict', async () => {
  const session = await newSession()
  const key = { 'idempotency-key': 'k1' }
  const [first, second] = await Promise.all([1, 2].map(() => call('POST', `/api/sessions/${session}/messages`, { text: 'once' }, key)))
  expect(second!.body.messageId).toBe(first!.body.messageId)
  expect(await call('POST', `/api/sessions/${session}/messages`, { text: 'other' }, key)).toMatchObject({ status: 409, body: { code: 'conflict' } })
  expect(await messagesOf(session)).toHaveLength(2)
})

test('the event stream goes on after the last event a reader has', async () => {
  const session = await newSession()
  const before = await fetch(`${hive.url}/api/events?session=${session}`)
  await call('POST', `/api/sessions/${session}/messages`, { text: 'one' })
  const asked = await nextEvent(before, event => event.type === 'message' && event.message.role === 'user')
  const after = await fetch(`${hive.url}/api/events?session=${session}`, { headers: { 'last-event-id': String(asked.id) } })
  const complete = await nextEvent(after, event => event.type === 'message' && event.message.state === 'complete')
  expect(complete.id).toBeGreaterThan(asked.id)
  const lost = await fetch(`${hive.url}/api/events`, { headers: { 'last-event-id': '1' } })
  expect(await nextEvent(lost, () => true)).toMatchObject({ type: 'reset' })
})

const text = (length: number) => 'x'.repeat(length)
test.each<[string, string, string, unknown, Record<string, string>, number]>([
  ['an oversized text', 'POST', '/api/sessions/:id/messages', { text: text(1_000_001) }, {}, 400],
  ['an oversized body', 'POST', '/api/sessions/:id/messages', { text: text(3_000_000) }, {}, 413],
  ['an empty text', 'POST', '/api/sessions/:id/messages', { text: '  \n' }, {}, 400],
  ['a text of the wrong type', 'POST', '/api/sessions/:id/messages', { text: 3 }, {}, 400],
  ['a missing text', 'POST', '/api/sessions/:id/messages', {}, {}, 400],
  ['no body', 'POST', '/api/sessions/:id/messages', undefined, {}, 400],
  ['an unknown member', 'POST', '/api/sessions/:id/messages', { text: 'x', bot: 'y' }, {}, 400],
  ['malformed JSON', 'POST', '/api/sessions/:id/messages', '{"text":', {}, 400],
  ['bytes that are not UTF-8', 'POST', '/api/sessions/:id/messages', new Uint8Array([...Buffer.from('{"text":"'), 0xff, 0xfe, ...Buffer.from('"}')]), {}, 400],
  ['a lone surrogate', 'POST', '/api/sessions/:id/messages', String.raw`{"text":"\ud800"}`, {}, 400],
  ['a NUL', 'POST', '/api/sessions/:id/messages', { text: 'a\0b' }, {}, 400],
  ['prototype poison', 'POST', '/api/sessions/:id/messages', '{"text":"x","__proto__":{"a":1}}', {}, 400],
  ['another content type', 'POST', '/api/sessions/:id/messages', 'text=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['an unknown session', 'POST', '/api/sessions/00000000-0000-7000-8000-000000000000/messages', { text: 'x' }, {}, 404],
  ['a session that is no id', 'POST', '/api/sessions/..%2f..%2fetc/messages', { text: 'x' }, {}, 404],
  ['an unknown bot', 'POST', '/api/bots/nobody/sessions', {}, {}, 404],
  ['an unknown path', 'GET', '/api/nothing', undefined, {}, 404],
  ['a wrong limit', 'GET', '/api/sessions/:id/messages?limit=many', undefined, {}, 400],
  ['a foreign origin', 'POST', '/api/sessions/:id/messages', { text: 'x' }, { origin: 'https://evil.example' }, 403],
  ['an opaque origin', 'POST', '/api/sessions/:id/messages', { text: 'x' }, { origin: 'null' }, 403],
  ['a broken event number', 'GET', '/api/events', undefined, { 'last-event-id': 'x' }, 400],
])('%s is refused with a problem document, and nothing is stored', async (_what, method, path, body, headers, status) => {
  const session = await newSession()
  const refused = await call(method, path.replace(':id', session), body, headers)
  expect(refused).toMatchObject({ status, type: expect.stringContaining('application/problem+json'), body: { status, detail: expect.any(String) } })
  expect(await messagesOf(session)).toEqual([])
})

test('a host that is not ours is refused (DNS rebinding)', async () => {
  const { port } = new URL(hive.url)
  const answer = await new Promise<string>((resolve, reject) => {
    let data = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /api/bots HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'))
    socket.on('data', chunk => (data += chunk.toString())).on('end', () => resolve(data)).on('error', reject)
  })
  expect(answer).toMatch(/^HTTP\/1.1 403/)
  expect(answer).toContain('"code":"forbidden"')
})

test('the OpenAPI document describes every route', async () => {
  const { body } = await call('GET', '/api/openapi.json')
  expect(body.openapi).toMatch(/^3\.1/)
  expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/api/bots', '/api/sessions/{sessionId}/messages', '/api/events', '/metrics', '/readyz']))
  expect(body.components.schemas).toHaveProperty('Message')
})

test('what goes wrong is counted, and the keeper tells it', async () => {
  await call('GET', '/api/sessions/00000000-0000-7000-8000-000000000000')
  await call('GET', '/readyz')
  const { body } = await call('GET', '/api/errors')
  const http = body.items.find(({ operation }: { operation: string }) => operation === 'http')
  expect(http.lifetime.failuresByCode.not_found).toBeGreaterThan(0)
  expect(body.items.find(({ operation }: { operation: string }) => operation === 'readiness').lifetime.succeeded).toBeGreaterThan(0)
  await vi.waitFor(async () => expect((await call('GET', '/api/bots/keeper')).body.state).toBe('ready'), 10_000)
  const session = (await call('POST', '/api/bots/keeper/sessions', {})).body.id as string
  await call('POST', `/api/sessions/${session}/messages`, { text: '/errors' })
  await expect.poll(async () => (await messagesOf(session)).at(-1)!.parts.map(({ text }) => text).join('')).toMatch(/\| http \| not/)
})

test('figures are exposed for Prometheus', async () => {
  const response = await fetch(`${hive.url}/metrics`)
  expect(response.headers.get('content-type')).toContain('version=0.0.4')
  expect(await response.text()).toMatch(/^hive_bot_up\{bot="echo"\} 1$/m)
})

interface StreamedEvent { id: number; type: string; message: { id: string; role: string; state: string } & Record<string, unknown> }

/** Reads a stream until an event fits, then closes it. */
const nextEvent = async (response: Response, fits: (event: StreamedEvent) => boolean): Promise<StreamedEvent> => {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const [, id, data] = /^id: (\d+)\n.*\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
      const event = data === undefined ? undefined : { ...JSON.parse(data), id: Number(id) } as StreamedEvent
      if (event && fits(event)) return event
    }
  }
  throw new Error('The stream ended.')
}
