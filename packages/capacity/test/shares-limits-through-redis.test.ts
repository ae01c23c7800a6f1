import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCapacity, type Capacity, type Permit } from '@hivekit/capacity'
import { createRedisConcurrency, createRedisRate } from '@hivekit/capacity/redis'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

// A server of its own, since these tests kill it.
let server: ChildProcess
let port = 0
const clients: Redis[] = []

const start = async (): Promise<void> => {
  server = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  const client = new Redis(port, { lazyConnect: false, maxRetriesPerRequest: null, retryStrategy: () => 20 })
  client.on('error', () => {})
  await client.ping()
  client.disconnect()
}
const stop = (signal: NodeJS.Signals): Promise<unknown> => {
  const gone = new Promise(resolve => server.once('close', resolve))
  server.kill(signal)
  return gone
}
const connect = async (): Promise<Redis> => {
  const client = new Redis(port, { enableOfflineQueue: false, retryStrategy: () => 20, maxRetriesPerRequest: 0 })
  client.on('error', () => {})
  clients.push(client)
  if (client.status !== 'ready') await new Promise(resolve => client.once('ready', resolve))
  return client
}
const until = async (condition: () => boolean): Promise<void> => {
  const untilMs = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error('It never came to be.')
    await sleep(5)
  }
}

beforeAll(async () => {
  port = await new Promise<number>(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
  await start()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})
afterAll(() => stop('SIGKILL'))

describe('a shared rate', () => {
  it('is kept by all processes together: never more than burst + rate × time + leases outstanding', async () => {
    const name = randomUUID()
    const [perSecond, burst, lease, processes] = [500, 100, 10, 4]
    const capacities = await Promise.all(
      Array.from({ length: processes }, async () =>
        createCapacity({
          limits: { tasks: createRedisRate({ client: await connect(), name, perSecond, burst, lease, whenDown: 'closed' }) },
        }),
      ),
    )
    const taken: number[] = []
    const endMs = performance.now() + 1200
    while (performance.now() < endMs) {
      for (const capacity of capacities) if (capacity.tryAcquire().admitted) taken.push(performance.now())
      await new Promise(setImmediate)
    }
    for (let from = 0; from < taken.length; from += 7) {
      for (let to = from + 1; to < taken.length; to += 13) {
        const seconds = (taken[to]! - taken[from]!) / 1000
        // A process holds at most a lease and a half: half of the last, and the next.
        expect(to - from).toBeLessThanOrEqual(burst + perSecond * seconds + processes * lease * 1.5 + 1)
      }
    }
    expect(taken.length).toBeGreaterThan(0.8 * perSecond * 1.2)
    for (const capacity of capacities) await capacity[Symbol.asyncDispose]()
  })

  it.each([
    ['closed', false],
    ['open', true],
  ] as const)('fails %s when Redis is killed, and recovers when it is back', async (whenDown, admits) => {
    const client = await connect()
    const tasks = createRedisRate({
      client, name: randomUUID(), perSecond: 1000, burst: 10, lease: 2, leaseMs: 100, whenDown, timeoutMs: 100, share: { perSecond: 5, burst: 3 },
    })
    await using capacity = createCapacity({ limits: { tasks } })
    await until(() => capacity.tryAcquire().admitted)
    await stop('SIGKILL')
    capacity.tryAcquire()
    await sleep(300)
    let admitted = 0
    for (let i = 0; i < 20; i++) {
      if (capacity.tryAcquire().admitted) admitted++
      await sleep(5)
    }
    if (admits) expect(admitted).toBeGreaterThanOrEqual(3)
    else expect(admitted).toBe(0)
    expect(admitted).toBeLessThanOrEqual(5)
    await start()
    await until(() => capacity.tryAcquire().admitted)
  })

  it('does not wait for a Redis that hangs', async () => {
    const tasks = createRedisRate({ client: await connect(), name: randomUUID(), perSecond: 1000, burst: 10, whenDown: 'closed', timeoutMs: 100 })
    await using capacity = createCapacity({ limits: { tasks } })
    await until(() => capacity.tryAcquire().admitted)
    server.kill('SIGSTOP')
    try {
      const work = capacity.submit(() => 'late')
      const startMs = performance.now()
      while (performance.now() - startMs < 300) {
        capacity.tryAcquire()
        await sleep(5)
      }
      server.kill('SIGCONT')
      expect((await work.done).isOk()).toBe(true)
    } finally {
      server.kill('SIGCONT')
    }
  })
})

describe('a shared concurrency', () => {
  const make = async (name: string, max: number, leaseMs = 400): Promise<Capacity> =>
    createCapacity({
      limits: { slots: createRedisConcurrency({ client: await connect(), name, max, leaseMs, spare: 0, whenDown: 'closed', timeoutMs: 100 }) },
    })
  const acquire = async (capacity: Capacity): Promise<Permit> => {
    for (;;) {
      const permit = capacity.tryAcquire()
      if (permit.admitted) return permit
      await sleep(5)
    }
  }

  it('is never exceeded by all processes together, and is used to the full', async () => {
    const name = randomUUID()
    const capacities = await Promise.all([make(name, 5), make(name, 5), make(name, 5)])
    let running = 0
    let most = 0
    const all = capacities.flatMap(capacity =>
      Array.from({ length: 40 }, () =>
        capacity.submit(async () => {
          most = Math.max(most, ++running)
          await sleep(2)
          running--
        }),
      ),
    )
    for (const { done } of all) expect((await done).isOk()).toBe(true)
    expect(most).toBe(5)
    for (const capacity of capacities) await capacity[Symbol.asyncDispose]()
  })

  it('frees the slots of a holder that died, after its lease and not before', async () => {
    const name = randomUUID()
    const dying = await make(name, 2)
    const waiting = await make(name, 2)
    await acquire(dying)
    await acquire(dying)
    expect(waiting.tryAcquire().admitted).toBe(false)
    const startMs = performance.now()
    clients[0]!.disconnect()
    await acquire(waiting)
    const tookMs = performance.now() - startMs
    expect(tookMs).toBeGreaterThan(200)
    expect(tookMs).toBeLessThan(2000)
    await waiting[Symbol.asyncDispose]()
  })

  it('comes back after Redis was restarted empty', async () => {
    const capacity = await make(randomUUID(), 3)
    const held = await acquire(capacity)
    await stop('SIGKILL')
    await sleep(500)
    expect(capacity.tryAcquire().admitted).toBe(false)
    await start()
    const more = await acquire(capacity)
    held.release()
    more.release()
    await capacity[Symbol.asyncDispose]()
  })
})
