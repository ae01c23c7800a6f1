import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { createRecovery, HiveError, type RecoveryBreakerOptions } from '@hivekit/errors'
import { createRedisBreakers } from '@hivekit/errors/redis'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

// A server of its own, since these tests stop it and kill it.

let server: ChildProcess | undefined
let port = 0
const ends: (() => Promise<unknown>)[] = []

const startServer = async () => {
  const started = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  server = started
  await new Promise<void>((resolve, reject) => {
    started.once('error', reject)
    const client = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 10 })
    client.on('error', () => {})
    client.once('ready', () => {
      client.disconnect()
      resolve()
    })
  })
}

const killServer = () => new Promise(resolve => {
  server!.once('close', resolve)
  server!.kill('SIGKILL')
})

beforeAll(async () => {
  port = await new Promise<number>(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as AddressInfo
      probe.close(() => resolve(free))
    })
  })
  await startServer()
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})
afterAll(killServer)

const down = new HiveError('unavailable', 'Down.')

const join = async (name: string, options: RecoveryBreakerOptions = {}) => {
  const redis = new Redis({ port, retryStrategy: () => 10, maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true })
  redis.on('error', () => {})
  await redis.connect()
  const share = createRedisBreakers({ redis, probeLeaseMs: 300, commandTimeoutMs: 100 })
  ends.push(async () => {
    await share[Symbol.asyncDispose]()
    redis.disconnect()
  })
  await share.ready
  const recovery = createRecovery({ name, breaker: { openMs: 60_000, trip: { type: 'consecutive', failures: 1 }, share, ...options } })
  const breaker = recovery.breaker()!
  return { redis, share, recovery, breaker, fail: () => recovery.run(() => { throw down }) }
}

test('members that open at once count it as one opening', async () => {
  const members = await Promise.all(Array.from({ length: 4 }, () => join('at-once', { openMs: 20_000, maxOpenMs: 1_000_000 })))
  await Promise.all(members.map(one => one.fail()))
  // What a member heard is in order: when it hears of another breaker, it has heard of this one.
  const marks = await Promise.all(members.map(one => join('at-once-mark', { share: one.share })))
  await marks[0]!.fail()
  await vi.waitFor(() => expect(marks.map(one => one.breaker.state())).toEqual(['open', 'open', 'open', 'open']), { interval: 2 })
  expect(members.map(one => one.breaker.snapshot().opens)).toEqual([1, 1, 1, 1])
})

test('while Redis is gone a breaker goes by itself, and its calls never wait', async () => {
  const one = await join('gone', { openMs: 30 })
  await killServer()
  await vi.waitFor(() => expect(one.redis.status).not.toBe('ready'), { interval: 2 })
  await one.fail()
  expect(one.breaker.state()).toBe('open')
  await vi.waitFor(async () => expect((await one.recovery.run(() => 1)).isOk()).toBe(true), { interval: 5 })
  expect(one.breaker.state()).toBe('closed')
  await startServer()
})

test('while Redis hangs a refused call is answered at once, and the probe is had when its time is over', async () => {
  const one = await join('hung', { openMs: 30 })
  server!.kill('SIGSTOP')
  try {
    await one.fail()
    expect((await one.recovery.run(() => 1)).isErr()).toBe(true)
    await vi.waitFor(async () => expect((await one.recovery.run(() => 1)).isOk()).toBe(true), { interval: 5 })
  } finally {
    server!.kill('SIGCONT')
  }
})

test('members find each other again when Redis is back', async () => {
  const [a, b] = [await join('back'), await join('back')]
  await killServer()
  await vi.waitFor(() => expect([a.redis.status, b.redis.status]).not.toContain('ready'), { interval: 2 })
  await startServer()
  await vi.waitFor(async () => {
    a.breaker.close()
    await a.fail()
    expect(b.breaker.state()).toBe('open')
  }, { interval: 20 })
})

test('what opened while one was not listening is read when it listens again', async () => {
  const [a, b] = [await join('missed'), await join('missed')]
  const admin = new Redis({ port })
  ends.push(async () => admin.disconnect())
  // Both connections of b are cut at once, and what a tells meanwhile reaches nobody.
  const id = String(await b.redis.client('ID'))
  const subscribers = await admin.client('LIST', 'TYPE', 'PUBSUB') as string
  const ids = Array.from(subscribers.matchAll(/^id=(\d+)/gm), match => match[1]!)
  await Promise.all([id, ...ids].map(one => admin.client('KILL', 'ID', one)))
  await a.fail()
  await vi.waitFor(() => expect(b.breaker.state()).toBe('open'), { interval: 2 })
})

test('a member that dies while it probes loses the leave to another', async () => {
  const script = `
    import { createRecovery, HiveError } from '@hivekit/errors'
    import { createRedisBreakers } from '@hivekit/errors/redis'
    import { Redis } from 'ioredis'
    const share = createRedisBreakers({ redis: new Redis({ port: ${port} }), probeLeaseMs: 300 })
    await share.ready
    const recovery = createRecovery({ name: 'dies', breaker: { share, openMs: 50, trip: { type: 'consecutive', failures: 1 } } })
    await recovery.run(() => { throw new HiveError('unavailable', 'Down.') })
    setInterval(() => recovery.run(() => {
      process.stdout.write('probing')
      return new Promise(() => {})
    }), 5)
  `
  const child = spawn(process.execPath, ['--conditions=@hivekit/source', '--input-type=module', '--eval', script], { cwd: import.meta.dirname })
  ends.push(async () => { child.kill('SIGKILL') })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => { complaints += String(chunk) })
  const other = await join('dies', { openMs: 50 })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error(complaints)))
  })
  if (other.breaker.state() === 'closed') other.breaker.open(1)
  // It renews its leave for as long as it lives.
  const heldUntil = performance.now() + 700
  await vi.waitFor(async () => {
    expect((await other.recovery.run(() => 1)).isErr()).toBe(true)
    expect(performance.now()).toBeGreaterThan(heldUntil)
  }, { interval: 10 })
  child.kill('SIGKILL')
  await vi.waitFor(async () => expect((await other.recovery.run(() => 1)).isOk()).toBe(true), { interval: 10 })
})
