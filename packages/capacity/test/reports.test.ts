import { createCapacity, toKedaMetrics } from '@hivekit/capacity'
import { expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const turn = () => new Promise(setImmediate)

it('says per limit what is used, left, waiting, refused, and what binds', async () => {
  const clock = createFakeClock()
  await using capacity = createCapacity({
    limits: {
      slots: { kind: 'concurrency', max: 2 },
      perBot: { kind: 'concurrency', max: 1, per: 'key' },
      tasks: { kind: 'rate', perSecond: 100, burst: 50 },
    },
    queue: { maxTasks: 4 },
    clock,
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  capacity.submit(() => promise, { key: 'a' })
  await turn()
  capacity.submit(() => promise, { key: 'a', bytes: 10 })
  await turn()
  clock.advance(500)
  capacity.submit(() => promise, { key: 'b' })
  await turn()
  capacity.submit(() => promise, { key: 'c' })
  capacity.submit(() => promise, { key: 'd' })
  await turn()
  clock.advance(1000)
  expect(capacity.tryAcquire({ key: 'x' }).admitted).toBe(false)
  capacity.submit(() => {}, { key: 'e' })
  capacity.submit(() => {}, { key: 'f' })

  const report = capacity.report()
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  expect(report.limits).toMatchObject([
    { name: 'slots', kind: 'concurrency', used: 2, max: 2, headroom: 0, waiting: 3, oldestWaitMs: 1000, refusals: 1, fullInMs: 0 },
    { name: 'perBot', used: 1, max: 1, waiting: 1, oldestWaitMs: 1500, refusals: 0 },
    { name: 'tasks', unit: 'tokens', used: 0, headroom: 50, waiting: 0, fullInMs: null },
  ])
  expect(report.binding).toBe('slots')
  expect(report.queue).toMatchObject({ submitted: 7, running: 2, queued: 4, rejected: 1, bytes: 10, oldestWaitMs: 1500 })
  expect(report.queue.rejectedBy).toEqual({ full: 1, deadline: 0, 'too-large': 0, closed: 0 })
  expect(toKedaMetrics(report)).toMatchObject({ queued: 4, running: 2, load: 6, oldestWaitSeconds: 1.5, utilisation: 1 })

  const families = new Map([...capacity.collect()].map(family => [family.name, family]))
  expect(families.get('capacity_limit_used')?.samples).toContainEqual({ labels: { limit: 'slots', kind: 'concurrency' }, value: 2 })
  expect(families.get('capacity_tasks_ended')?.samples).toContainEqual({ labels: { outcome: 'rejected' }, value: 1 })
  expect(families.get('capacity_oldest_wait')).toMatchObject({ unit: 'seconds', samples: [{ value: 1.5 }] })
  resolve()
  await capacity.idle()
  expect(capacity.report().binding).toBeNull()
})

it('foretells when a limit will be full', async () => {
  const clock = createFakeClock()
  let open = 0
  await using capacity = createCapacity({ limits: { sockets: { kind: 'gauge', max: 100, read: () => open } }, clock })
  for (; open < 50; open += 5) {
    clock.advance(1000)
    capacity.report()
  }
  const fullInMs = capacity.report().limits[0]?.fullInMs
  expect(fullInMs).toBeGreaterThan(9_000)
  expect(fullInMs).toBeLessThan(12_000)
})
