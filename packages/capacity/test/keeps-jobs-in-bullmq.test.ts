import { randomUUID } from 'node:crypto'
import { createCapacity } from '@hivekit/capacity'
import { openBullJobStore } from '@hivekit/capacity/bullmq'
import { HiveError } from '@hivekit/errors'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { jobStoreContract } from './job-store-contract.ts'

const client = new Redis(process.env['HIVEKIT_REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null })
afterAll(() => client.disconnect())

const make = (prefix = `hivekit-test-${randomUUID()}`) => ({
  open: (options?: { readonly maxJobs?: number; readonly lockMs?: number }) => openBullJobStore({ client, name: 'jobs', prefix, ...options }),
  remove: async () => {
    const keys = await client.keys(`${prefix}:*`)
    if (keys.length > 0) await client.del(...keys)
  },
})

jobStoreContract('BullMQ', () => make())

it('does jobs through a capacity, with attempts and dead letters', async () => {
  const { open, remove } = make()
  const store = open()
  const capacity = createCapacity({
    limits: { slots: { kind: 'concurrency', max: 2 } },
    queue: {
      store,
      maxTasks: 2,
      retry: { maxAttempts: 2, baseMs: 1 },
      handlers: {
        double: payload => Number(payload) * 2,
        fail: () => {
          throw new HiveError('unavailable', 'Never.')
        },
      },
    },
  })
  const all = Array.from({ length: 20 }, (_, n) => capacity.submit<number>({ name: 'double', payload: n }))
  const failing = capacity.submit({ name: 'fail' })
  for (const [n, { done }] of all.entries()) expect((await done).unwrapOr(-1)).toBe(n * 2)
  expect((await failing.done).isErr()).toBe(true)
  expect(await capacity.dead!.list()).toMatchObject([{ name: 'fail', attempts: 2 }])
  expect(capacity.counts()).toMatchObject({ submitted: 21, done: 20, failed: 1, queued: 0, running: 0 })
  await capacity[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await remove()
})

it('takes back what a dead process had leased, when its lock has lapsed', async () => {
  const { open, remove } = make()
  const dying = open({ lockMs: 1000 })
  const row = { name: 'a', payload: '1', key: '', priority: 0, score: 0, cost: '1', submittedMs: 0, deadlineAtMs: null, dueMs: 0, attempts: 0 }
  await dying.put(row)
  const [leased] = await dying.lease(1, Date.now())
  await dying[Symbol.asyncDispose]()
  const next = open({ lockMs: 1000 })
  let again = await next.lease(1, Date.now())
  while (again.length === 0) {
    await new Promise(resolve => setTimeout(resolve, 50))
    again = await next.lease(1, Date.now())
  }
  expect(again[0]!.id).toBe(leased!.id)
  await next.end(again[0]!.id, { type: 'done' })
  await next[Symbol.asyncDispose]()
  await remove()
})
