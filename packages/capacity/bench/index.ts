import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { createCapacity, openJobStore } from '@hivekit/capacity'
import { createRedisRate } from '@hivekit/capacity/redis'
import { Redis } from 'ioredis'
import PQueue from 'p-queue'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'

interface Row {
  readonly case: string
  readonly ours: number
  readonly peer: number | null
  readonly unit: string
  readonly ratio: number | null
}

const cpuNs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}
const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** CPU nanoseconds per operation, ours and the peer's in turn, the best of several. */
const compare = async (
  name: string,
  rounds: number,
  ours: () => Promise<number> | number,
  peer: () => Promise<number> | number,
): Promise<Row> => {
  const measure = async (run: () => Promise<number> | number): Promise<number> => {
    const before = cpuNs()
    const count = await run()
    return (cpuNs() - before) / count
  }
  let best = { ours: Infinity, peer: Infinity }
  for (let round = 0; round < rounds; round++) {
    best = { ours: Math.min(best.ours, await measure(ours)), peer: Math.min(best.peer, await measure(peer)) }
  }
  say(`${name}: ${best.ours.toFixed(0)} against ${best.peer.toFixed(0)} ns`)
  return { case: name, ours: best.ours, peer: best.peer, unit: 'ns CPU', ratio: best.ours / best.peer }
}

const acquire = async (): Promise<Row[]> => {
  const capacity = createCapacity({
    limits: {
      slots: { kind: 'concurrency', max: 100 },
      rate: { kind: 'rate', perSecond: 1e9, burst: 1e9 },
      memory: { kind: 'memory', maxRatio: 1 },
      loop: { kind: 'eventLoop', maxUtilisation: 1, resumeRatio: 1 },
      gauge: { kind: 'gauge', max: 10, read: () => 1 },
    },
  })
  const peers = Array.from({ length: 5 }, () => new RateLimiterMemory({ points: 1e9, duration: 60 }))
  const count = 300_000
  const ours = (): number => {
    let refused = 0
    for (let i = 0; i < count; i++) {
      const permit = capacity.tryAcquire()
      if (permit.admitted) permit.release()
      else refused++
    }
    if (refused > 0) throw new Error(`${refused} were refused.`)
    return count
  }
  const rows = [
    await compare('tryAcquire + release over five limits; peer: one rate-limiter-flexible memory', 5, ours, async () => {
      for (let i = 0; i < count / 10; i++) await peers[0]!.consume(`key${i}`)
      return count / 10
    }),
    await compare('tryAcquire + release over five limits; peer: five rate-limiter-flexible memory', 5, ours, async () => {
      for (let i = 0; i < count / 30; i++) for (const peer of peers) await peer.consume('key')
      return count / 30
    }),
  ]
  await capacity[Symbol.asyncDispose]()
  return rows
}

const queues = async (): Promise<Row[]> => {
  const count = 100_000
  const noop = async (): Promise<void> => {}
  const ours = (priority: () => number | undefined, read: boolean) => async (): Promise<number> => {
    await using capacity = createCapacity({ limits: { slots: { kind: 'concurrency', max: 10 } }, queue: { maxTasks: count } })
    for (let i = 0; i < count; i++) {
      const chosen = priority()
      const submission = capacity.submit(noop, chosen === undefined ? {} : { priority: chosen })
      if (read) void submission.done
    }
    await capacity.idle()
    return count
  }
  const peer = (priority: () => number | undefined, size: number) => async (): Promise<number> => {
    const queue = new PQueue({ concurrency: 10 })
    for (let i = 0; i < size; i++) {
      const chosen = priority()
      void queue.add(noop, chosen === undefined ? {} : { priority: chosen })
    }
    await queue.onIdle()
    return size
  }
  const none = (): undefined => undefined
  const random = (): number => Math.floor(Math.random() * 1_000_000)
  return [
    await compare('submit + drain per no-op task, concurrency 10; peer: p-queue', 5, ours(none, true), peer(none, count)),
    await compare('random priorities, 100k; peer: p-queue', 3, ours(random, false), peer(random, count)),
    await compare('random priorities, 100k, every `done` read; peer: p-queue', 2, ours(random, true), peer(random, count)),
  ]
}

/** In a process of its own, so that nothing else is on the heap. */
const memory = (): Row => {
  const bytes = (peer: boolean): number => {
    const script = `
      const { createCapacity } = await import('@hivekit/capacity')
      const { default: PQueue } = await import('p-queue')
      const used = () => { gc(); gc(); const { heapUsed, external } = process.memoryUsage(); return heapUsed + external }
      const work = async () => {}
      const before = used()
      let queue
      if (${peer}) { queue = new PQueue({ concurrency: 10, autoStart: false }); for (let i = 0; i < 1e6; i++) void queue.add(work) }
      else { queue = createCapacity({ limits: { a: { kind: 'concurrency', max: 10 } }, queue: { maxTasks: 2e6 } }); queue.pause(); for (let i = 0; i < 1e6; i++) queue.submit(work) }
      process.stdout.write(String((used() - before) / 1e6))
      globalThis.kept = queue
      process.exit()`
    const { stdout } = spawnSync(
      process.execPath,
      ['--expose-gc', '--conditions=@hivekit/source', '--input-type=module', '--eval', script],
      { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' },
    )
    return Number(stdout)
  }
  const [ours, peer] = [bytes(false), bytes(true)]
  say(`1,000,000 queued: ${ours.toFixed(0)} against ${peer.toFixed(0)} B`)
  return { case: '1,000,000 queued; peer: p-queue', ours, peer, unit: 'B a task', ratio: ours / peer }
}

const cluster = async (): Promise<Row[]> => {
  const url = process.env['HIVEKIT_REDIS_URL'] ?? 'redis://127.0.0.1:6379'
  const client = new Redis(url)
  const name = `bench-${process.pid}`
  const capacity = createCapacity({
    limits: { rate: createRedisRate({ client, name, perSecond: 1e7, burst: 1e7, lease: 1000, whenDown: 'closed' }) },
  })
  const limiter = new RateLimiterRedis({ storeClient: client, keyPrefix: name, points: 1e9, duration: 60 })
  const perSecond = async (run: () => Promise<number>): Promise<number> => {
    const startMs = performance.now()
    const count = await run()
    return (count / (performance.now() - startMs)) * 1000
  }
  const ours = async (): Promise<number> => {
    let count = 0
    const endMs = performance.now() + 500
    while (performance.now() < endMs) {
      for (let i = 0; i < 200; i++) if (capacity.tryAcquire().admitted) count++
      await new Promise(setImmediate)
    }
    return count
  }
  const peer = async (): Promise<number> => {
    const count = 10_000
    let next = 0
    const worker = async (): Promise<void> => {
      while (next++ < count) await limiter.consume('key')
    }
    await Promise.all(Array.from({ length: 100 }, worker))
    return count
  }
  let best = { ours: 0, peer: 0 }
  for (let round = 0; round < 3; round++) {
    best = { ours: Math.max(best.ours, await perSecond(ours)), peer: Math.max(best.peer, await perSecond(peer)) }
  }
  await client.del(`{hivekit:${name}}:rate`, `${name}:key`)
  client.disconnect()
  say(`cluster rate: ${best.ours.toFixed(0)} against ${best.peer.toFixed(0)} a second`)
  const label = 'cluster rate decisions through Redis, leased; peer: rate-limiter-flexible Redis, 100 in flight'
  return [{ case: label, ours: best.ours, peer: best.peer, unit: 'decisions/s', ratio: best.peer / best.ours }]
}

const durable = async (): Promise<Row> => {
  const folder = mkdtempSync(join(tmpdir(), 'capacity-bench-'))
  const store = openJobStore({ file: join(folder, 'jobs.db') })
  const count = 20_000
  const payload = JSON.stringify({ text: 'x'.repeat(100) })
  const row = { name: 'job', payload, key: 'k', priority: 0, cost: '1', submittedMs: 0, deadlineAtMs: null, dueMs: 0, attempts: 0 }
  let best = 0
  for (let round = 0; round < 3; round++) {
    const startMs = performance.now()
    for (let from = 0; from < count; from += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, i) => store.put({ ...row, score: from + i })))
    }
    for (let left = count; left > 0; ) {
      const jobs = await store.lease(1000, Date.now())
      await Promise.all(jobs.map(job => store.end(job.id, { type: 'done' })))
      left -= jobs.length
    }
    best = Math.max(best, (count / (performance.now() - startMs)) * 1000)
  }
  await store[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
  say(`durable spill: ${best.toFixed(0)} jobs a second`)
  return { case: 'durable spill, write + read back + end, batches of 1,000', ours: best, peer: null, unit: 'jobs/s', ratio: null }
}

export default async (): Promise<Row[]> => [...(await acquire()), ...(await queues()), memory(), ...(await cluster()), await durable()]
