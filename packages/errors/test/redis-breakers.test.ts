import { createRecovery, HiveError } from '@hivekit/errors'
import { createRedisBreakers } from '@hivekit/errors/redis'
import { Redis } from 'ioredis'
import { afterEach, expect, test, vi } from 'vitest'

const url = process.env.HIVEKIT_REDIS_URL ?? 'redis://127.0.0.1:6379'
const hasRedis = await (async () => {
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  probe.on('error', () => {})
  try {
    await probe.connect()
    return true
  } catch {
    if (process.env.CI) throw new Error(`No Redis at ${url}.`)
    process.stderr.write(`No Redis at ${url}: its tests are left out.\n`)
    return false
  } finally {
    probe.disconnect()
  }
})()

const down = new HiveError('unavailable', 'Down.')
const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** As many members of one cluster, each with connections of its own. */
const cluster = async (size: number, options: { readonly openMs?: number; readonly probeLeaseMs?: number } = {}) => {
  const keyPrefix = `hivekit-test:${crypto.randomUUID()}:`
  return Promise.all(Array.from({ length: size }, async () => {
    const redis = new Redis(url)
    const share = createRedisBreakers({ redis, keyPrefix, probeLeaseMs: options.probeLeaseMs ?? 2_000 })
    await share.ready
    const recovery = createRecovery({ name: 'shared', breaker: { share, openMs: options.openMs ?? 60_000, trip: { type: 'consecutive', failures: 2 } } })
    ends.push(async () => {
      await share[Symbol.asyncDispose]()
      const keys = await redis.keys(`${keyPrefix}*`)
      if (keys.length > 0) await redis.del(...keys)
      redis.disconnect()
    })
    const open = async () => {
      for (let i = 0; i < 2; i++) await recovery.run(() => { throw down })
    }
    return { redis, share, recovery, open, state: () => recovery.breaker()?.state(), keyPrefix }
  }))
}

test.runIf(hasRedis)('what opens anywhere is open everywhere within 100 ms', async () => {
  const members = await cluster(4)
  await members[0]!.open()
  const startedAt = performance.now()
  await vi.waitFor(() => expect(members.map(one => one.state())).toEqual(['open', 'open', 'open', 'open']), { interval: 2 })
  expect(performance.now() - startedAt).toBeLessThan(100)
  expect((await members[3]!.recovery.run(() => 1)).isErr()).toBe(true)
})

test.runIf(hasRedis)('exactly one member probes at a time, and its success closes all', async () => {
  const members = await cluster(4, { openMs: 80 })
  await members[0]!.open()
  await vi.waitFor(() => expect(members.every(one => one.state() === 'open')).toBe(true))
  const probes: ((value: string) => void)[] = []
  const runAll = () => Promise.race([
    Promise.all(members.map(one => one.recovery.run(() => new Promise<string>(resolve => probes.push(resolve))))), new Promise(resolve => { setImmediate(resolve) }),
  ])
  await vi.waitFor(async () => {
    await runAll()
    expect(probes).toHaveLength(1)
  }, { interval: 5 })
  for (let i = 0; i < 50; i++) await runAll()
  expect(probes).toHaveLength(1)
  probes[0]!('good')
  await vi.waitFor(() => expect(members.map(one => one.state())).toEqual(['closed', 'closed', 'closed', 'closed']), { interval: 2 })
})

test.runIf(hasRedis)('a probe that fails keeps all open, and the leave passes on', async () => {
  const members = await cluster(2, { openMs: 50 })
  await members[0]!.open()
  const failing = { probes: 0 }
  await vi.waitFor(async () => {
    for (const one of members) {
      await one.recovery.run(() => {
        failing.probes++
        throw down
      })
    }
    expect(failing.probes).toBeGreaterThan(2)
  }, { interval: 5, timeout: 5_000 })
  await vi.waitFor(async () => {
    const results = await Promise.all(members.map(one => one.recovery.run(() => 1)))
    expect(results.every(result => result.isOk())).toBe(true)
  }, { interval: 5, timeout: 5_000 })
})

test.runIf(hasRedis)('one that comes later learns what is open', async () => {
  const [first] = await cluster(1)
  await first!.open()
  await vi.waitFor(async () => expect(await first!.redis.exists(`${first!.keyPrefix}shared:open`)).toBe(1))
  const redis = new Redis(url)
  const share = createRedisBreakers({ redis, keyPrefix: first!.keyPrefix })
  ends.push(async () => {
    await share[Symbol.asyncDispose]()
    redis.disconnect()
  })
  await share.ready
  const late = createRecovery({ name: 'shared', breaker: { share } })
  await vi.waitFor(() => expect(late.breaker()?.state()).toBe('open'), { interval: 2 })
})

test.runIf(hasRedis)('a call while closed sends Redis nothing', async () => {
  const [one] = await cluster(1)
  await one!.recovery.run(() => 1)
  const sent = vi.spyOn(one!.redis, 'sendCommand')
  for (let i = 0; i < 1_000; i++) await one!.recovery.run(() => 1)
  await one!.recovery.run(() => { throw down })
  expect(sent).not.toHaveBeenCalled()
})

test('without Redis each goes by its own breaker, probes included', async () => {
  const redis = new Redis('redis://127.0.0.1:1', { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  const share = createRedisBreakers({ redis })
  await expect(share.ready).rejects.toThrow(/closed|refused/i)
  const recovery = createRecovery({ name: 'alone', breaker: { share, openMs: 30, trip: { type: 'consecutive', failures: 1 } } })
  await recovery.run(() => { throw down })
  expect((await recovery.run(() => 1)).isErr()).toBe(true)
  await vi.waitFor(async () => expect((await recovery.run(() => 1)).isOk()).toBe(true), { interval: 5 })
  expect(recovery.breaker()?.state()).toBe('closed')
  await share[Symbol.asyncDispose]()
  redis.disconnect()
})

test('options out of range are refused', () => {
  const redis = new Redis({ lazyConnect: true })
  expect(() => createRedisBreakers({ redis, probeLeaseMs: 0 })).toThrow('Expected probeLeaseMs to be 1 or more; got 0.')
  expect(() => createRedisBreakers({ redis, commandTimeoutMs: -1 })).toThrow(RangeError)
  redis.disconnect()
})
