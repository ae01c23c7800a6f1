import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { createRecovery, fail, ok, toHiveError, type ErrorEvent, type RecoveryOptions } from '@hivekit/errors'
import { afterEach, expect, test } from 'vitest'
import { errorOf, valueOf } from './outcome-of.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

const listening = async (server: Server | ReturnType<typeof createTcpServer>) => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  const close = () => new Promise(resolve => {
    for (const socket of sockets) socket.destroy()
    server.close(resolve)
  })
  open.push(close)
  return { url: `http://127.0.0.1:${port}/`, close }
}

const serving = async (...answers: readonly RequestListener[]) => {
  let requests = 0
  const server = createServer((request, response) => answers[Math.min(requests++, answers.length - 1)]!(request, response))
  return { ...(await listening(server)), requests: () => requests }
}

const good: RequestListener = (_, response) => { response.end('good') }

const setUp = (options: Partial<RecoveryOptions>) => {
  const recovery = createRecovery({ name: 'real', retry: { maxAttempts: 3, baseMs: 1 }, ...options })
  const events: ErrorEvent[] = []
  recovery.onEvent(event => events.push(event))
  const get = (url: string, { idempotent = true } = {}) =>
    recovery.run(async ({ signal }) => {
      const response = await fetch(url, { signal })
      return response.ok ? ok(await response.text()) : fail('internal', 'Replaced below.', { ...toHiveErrorOf(response) })
    }, { idempotent })
  return { recovery, get, events, failures: () => events.flatMap(event => (event.type === 'failed' ? [`${event.code} ${event.kind}`] : [])) }
}

const toHiveErrorOf = (response: Response) => {
  const { kind, retryAfterMs } = toHiveError(response)
  return { kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

test('a refused connection is transient, and over when someone listens again', async () => {
  const { url, close } = await serving(good)
  await close()
  const { get, failures, recovery } = setUp({ retry: { maxAttempts: 50, baseMs: 20, jitter: 'none', capMs: 20 }, budget: false })
  const run = get(url, { idempotent: false })
  const server = createServer(good)
  const stop = recovery.onEvent(event => {
    if (event.type !== 'retrying' || server.listening) return
    stop()
    server.listen(Number(new URL(url).port), '127.0.0.1')
  })
  open.push(() => new Promise(resolve => { server.close(resolve); server.closeAllConnections() }))
  expect(valueOf(await run)).toBe('good')
  expect(new Set(failures())).toEqual(new Set(['unavailable transient']))
})

test('a reset in the middle of the body is ambiguous: repeated only if that does no harm', async () => {
  const broken: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('some', () => { response.socket?.resetAndDestroy() })
  }
  const { url, requests } = await serving(broken, broken, good)
  const { get, failures } = setUp({})
  expect(errorOf(await get(url, { idempotent: false }))).toMatchObject({ code: 'dependency_failed', kind: 'ambiguous' })
  expect(requests()).toBe(1)
  expect(valueOf(await get(url))).toBe('good')
  expect(failures()).toEqual(['dependency_failed ambiguous', 'dependency_failed ambiguous'])
})

test('a black hole, which accepts and never answers, costs one attempt timeout each time and opens the breaker', async () => {
  let connections = 0
  const { url } = await listening(createTcpServer(() => { connections++ }))
  const { get, recovery, failures } = setUp({ attemptTimeoutMs: 60, deadlineMs: 1_000, breaker: { trip: { type: 'consecutive', failures: 3 } } })
  const startedAt = performance.now()
  expect(errorOf(await get(url)).code).toBe('timeout')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  expect(failures()).toEqual(['timeout ambiguous', 'timeout ambiguous', 'timeout ambiguous'])
  expect(recovery.breaker()?.state()).toBe('open')
  const before = connections
  expect(errorOf(await get(url))).toMatchObject({ code: 'unavailable', retryAfterMs: expect.any(Number) })
  expect(connections).toBe(before)
})

test('a slow loris, which drips bytes for ever, does not outlive the deadline', async () => {
  const { url } = await serving((_, response) => {
    response.writeHead(200, { 'content-length': '100000' })
    const drip = setInterval(() => response.write('.'), 5)
    response.on('close', () => clearInterval(drip))
  })
  const { get } = setUp({ deadlineMs: 150 })
  const startedAt = performance.now()
  expect(errorOf(await get(url))).toMatchObject({ code: 'timeout', details: { deadlineMs: 150 } })
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('a 429 with Retry-After, in seconds or milliseconds, is waited for as long as it says', async () => {
  const busy = (status: number, headers: Readonly<Record<string, string>>): RequestListener => (_, response) => response.writeHead(status, headers).end()
  const { url } = await serving(busy(429, { 'retry-after': '1' }), busy(429, { 'retry-after-ms': '120' }), busy(503, { 'retry-after': '0' }), good)
  const { get, events } = setUp({ retry: { maxAttempts: 4, baseMs: 1 } })
  const startedAt = performance.now()
  expect(valueOf(await get(url, { idempotent: false }))).toBe('good')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_119)
  expect(events.flatMap(event => (event.type === 'retrying' ? [event.delayMs] : []))).toEqual([1_000, 120, expect.closeTo(0, -1)])
})

test('a name that does not resolve is told from a server that is down', async () => {
  const { get, failures } = setUp({ retry: false })
  const error = errorOf(await get('http://no-such-host.invalid/'))
  // Without any name server the resolver says EAI_AGAIN, with one ENOTFOUND.
  expect(['dependency_failed permanent', 'unavailable transient']).toContain(`${error.code} ${error.kind}`)
  expect(failures()).toHaveLength(1)
  expect((error.cause as Error & { cause: { syscall: string } }).cause.syscall).toBe('getaddrinfo')
})

test('cancelling ends a request that waits for its answer in the same turn', async () => {
  const { url } = await listening(createTcpServer())
  const { recovery } = setUp({})
  const abort = new AbortController()
  let aborted = false
  const run = recovery.run(({ signal }) => {
    signal.addEventListener('abort', () => { aborted = true })
    setImmediate(() => abort.abort())
    return fetch(url, { signal })
  }, { signal: abort.signal })
  expect(errorOf(await run).code).toBe('cancelled')
  expect(aborted).toBe(true)
})
