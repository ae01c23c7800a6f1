import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCapacity, openJobStore, type CapacityOptions, type QueueOptions } from '@hivekit/capacity'
import { HiveError } from '@hivekit/errors'
import { afterAll, describe, expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'
import { errorOf, valueOf } from './unwrap.ts'

const folder = mkdtempSync(join(tmpdir(), 'capacity-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${files++}.db`)

const make = (file: string, queue: QueueOptions, options: Partial<CapacityOptions> = {}) => {
  const store = openJobStore({ file })
  const capacity = createCapacity({
    limits: { slots: { kind: 'concurrency', max: 1 } },
    ...options,
    queue: { ...queue, store },
  })
  return { store, capacity, close: async () => (await capacity[Symbol.asyncDispose](), store[Symbol.asyncDispose]()) }
}
const conserved = ({ submitted, done, failed, cancelled, rejected, queued, running }: Record<string, number>): boolean =>
  submitted === done! + failed! + cancelled! + rejected! + queued! + running!

describe('jobs', () => {
  it('are done by their handlers, and their values come back', async () => {
    const { capacity, store, close } = make(newFile(), { handlers: { add: payload => (payload as number[]).reduce((a, b) => a + b) } })
    const { admitted, done } = capacity.submit<number>({ name: 'add', payload: [1, 2, 3] })
    expect((await admitted).isOk()).toBe(true)
    expect(valueOf(await done)).toBe(6)
    expect(await store.counts()).toMatchObject({ put: 1, done: 1, waiting: 0, leased: 0 })
    await close()
  })

  it('need a handler, with or without a store', async () => {
    await using capacity = createCapacity({ limits: {}, queue: { handlers: { hello: name => `Hello ${String(name)}` } } })
    expect(valueOf(await capacity.submit({ name: 'hello', payload: 'you' }).done)).toBe('Hello you')
    expect(() => capacity.submit({ name: 'bye' })).toThrow('Expected a job with a handler, one of hello, got "bye".')
    expect(() => capacity.submit({ name: 'toString' })).toThrow(RangeError)
  })

  it('spill to the store at the bound, where functions are refused, and are done when there is room', async () => {
    const done: unknown[] = []
    const { capacity, close } = make(newFile(), { maxTasks: 3, handlers: { note: n => void done.push(n) } })
    capacity.pause()
    const jobs = Array.from({ length: 10 }, (_, n) => capacity.submit({ name: 'note', payload: n }, { durable: false }))
    const refused = capacity.submit(() => {})
    expect(errorOf(await refused.admitted).code).toBe('capacity_exceeded')
    for (const { admitted } of jobs) expect((await admitted).isOk()).toBe(true)
    expect(capacity.report().queue).toMatchObject({ queued: 10, rejected: 1 })
    capacity.resume()
    await capacity.idle()
    expect(done.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(capacity.counts()).toEqual({ submitted: 11, done: 10, failed: 0, cancelled: 0, rejected: 1, queued: 0, running: 0 })
    await close()
  })

  it('are refused only when the store is full too', async () => {
    const store = openJobStore({ file: newFile(), maxJobs: 2 })
    const capacity = createCapacity({ limits: {}, queue: { maxTasks: 1, store, handlers: { noop: () => {} } } })
    capacity.pause()
    const all = [1, 2, 3, 4].map(() => capacity.submit({ name: 'noop' }, { durable: false }))
    const answers = await Promise.all(all.map(each => each.admitted))
    expect(answers.map(each => each.isOk())).toEqual([true, true, true, false])
    expect(errorOf(answers[3]!)).toMatchObject({ code: 'capacity_exceeded', retryAfterMs: 1000 })
    expect(all[3]!.state).toBe('rejected')
    expect(conserved({ ...capacity.counts() })).toBe(true)
    capacity.resume()
    await capacity.idle()
    expect(capacity.counts()).toMatchObject({ done: 3, rejected: 1 })
    await capacity[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })

  it('that are more urgent come off the shelf before less urgent work in memory', async () => {
    const order: string[] = []
    const { capacity, close } = make(newFile(), { handlers: { note: n => void order.push(String(n)) } })
    capacity.pause()
    for (let n = 0; n < 200; n++) capacity.submit(() => void order.push('task'))
    const low = Array.from({ length: 100 }, () => capacity.submit({ name: 'note', payload: 'low' }, { priority: -5 }))
    await Promise.all(low.map(each => each.admitted))
    const urgent = capacity.submit({ name: 'note', payload: 'urgent' }, { priority: 5 })
    await urgent.admitted
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(urgent.position).toBe(0)
    capacity.resume()
    await capacity.idle()
    expect(order[0]).toBe('urgent')
    expect(order.lastIndexOf('task')).toBeLessThan(order.indexOf('low'))
    await close()
  })
})

describe('failures', () => {
  it('that are worth it are tried again after a pause, the rest goes to the dead letters', async () => {
    const clock = createFakeClock()
    const attempts: string[] = []
    const { capacity, close } = make(
      newFile(),
      {
        retry: { maxAttempts: 3, baseMs: 1000 },
        handlers: {
          flaky: (_, { attempt }) => {
            attempts.push(`flaky ${attempt}`)
            if (attempt < 3) throw new HiveError('unavailable', 'Not yet.')
            return 'at last'
          },
          hopeless: (_, { attempt }) => {
            attempts.push(`hopeless ${attempt}`)
            throw new HiveError('dependency_failed', 'Never.')
          },
          wrong: () => {
            throw new HiveError('invalid_argument', 'Wrong.')
          },
        },
      },
      { clock },
    )
    const flaky = capacity.submit({ name: 'flaky' })
    const hopeless = capacity.submit({ name: 'hopeless', payload: { n: 7 } }, { durable: false })
    const wrong = capacity.submit({ name: 'wrong' })
    expect(errorOf(await wrong.done).code).toBe('invalid_argument')
    const settled = Promise.all([flaky.done, hopeless.done])
    let over = false
    void settled.then(() => (over = true))
    while (!over) {
      expect(conserved({ ...capacity.counts() })).toBe(true)
      clock.advance(100)
      await new Promise(setImmediate)
    }
    expect(valueOf(await flaky.done)).toBe('at last')
    expect(errorOf(await hopeless.done).message).toBe('Never.')
    expect(attempts.toSorted()).toEqual(['flaky 1', 'flaky 2', 'flaky 3', 'hopeless 1', 'hopeless 2', 'hopeless 3'])

    const dead = await capacity.dead!.list()
    expect(dead.map(each => each.name).toSorted()).toEqual(['hopeless', 'wrong'])
    const letter = dead.find(each => each.name === 'hopeless')!
    expect(letter).toMatchObject({ payload: '{"n":7}', attempts: 3 })
    expect(JSON.parse(letter.error)).toMatchObject({ code: 'dependency_failed', message: 'Never.' })

    expect(await capacity.dead!.replay(dead.find(each => each.name === 'wrong')!.id)).toBe(true)
    await capacity.idle()
    expect(capacity.counts()).toMatchObject({ submitted: 4, done: 1, failed: 3 })
    expect(await capacity.dead!.list()).toHaveLength(2)
    await close()
  })

  it('of a job that never ends because it kills its process are found out', async () => {
    const file = newFile()
    const store = openJobStore({ file })
    const row = { key: '', priority: 0, score: 0, cost: '1', submittedMs: 0, deadlineAtMs: null, dueMs: 0 }
    await store.put({ ...row, name: 'poison', payload: '1', attempts: 5 })
    await store.put({ ...row, name: 'unheard-of', payload: '1', attempts: 0 })
    await store[Symbol.asyncDispose]()
    const { capacity, close } = make(file, { handlers: { poison: () => expect.unreachable() } })
    while ((await capacity.dead!.list()).length < 2) await new Promise(setImmediate)
    const errors = (await capacity.dead!.list()).map(each => (JSON.parse(each.error) as { code: string }).code)
    expect(errors.toSorted()).toEqual(['internal', 'unsupported'])
    expect(capacity.counts()).toMatchObject({ submitted: 2, failed: 2, queued: 0 })
    await close()
  })
})

describe('a restart', () => {
  it('resumes what was waiting and what was running, with its attempts, key and cost', async () => {
    const file = newFile()
    const never = Promise.withResolvers<void>()
    const first = make(file, { handlers: { slow: () => never.promise } })
    const running = first.capacity.submit({ name: 'slow', payload: 'a' }, { key: 'k' })
    const waiting = first.capacity.submit({ name: 'slow', payload: 'b' }, { key: 'k', cost: { slots: 1 } })
    await waiting.admitted
    while (running.state !== 'running') await new Promise(setImmediate)
    await new Promise(setImmediate)
    // Closing while a task runs waits for it, so the process is taken to die here: the store alone is closed.
    await first.store[Symbol.asyncDispose]()

    const seen: unknown[] = []
    const second = make(file, {
      handlers: { slow: (payload, { attempt, key }) => void seen.push([payload, attempt, key]) },
    })
    while (second.capacity.counts().done < 2) await new Promise(setImmediate)
    expect(seen).toEqual([
      ['a', 2, 'k'],
      ['b', 1, 'k'],
    ])
    expect(second.capacity.counts()).toMatchObject({ submitted: 2, done: 2 })
    await second.close()
    never.resolve()
  })

  it('finds what was only in memory when the capacity was closed in order', async () => {
    const file = newFile()
    const first = make(file, { handlers: { job: () => {} } })
    first.capacity.pause()
    const inMemory = first.capacity.submit({ name: 'job' }, { durable: false })
    const shelved = first.capacity.submit({ name: 'job' })
    await shelved.admitted
    await first.close()
    for (const { done } of [inMemory, shelved]) expect(errorOf(await done)).toMatchObject({ code: 'unavailable' })
    expect(conserved({ ...first.capacity.counts() })).toBe(true)
    const second = make(file, { handlers: { job: () => {} } })
    while (second.capacity.counts().done < 2) await new Promise(setImmediate)
    await second.close()
  })
})

describe('waiting jobs', () => {
  it('are cancelled and moved wherever they wait', async () => {
    const order: unknown[] = []
    const { capacity, store, close } = make(newFile(), { maxTasks: 1, handlers: { note: n => void order.push(n) } })
    capacity.pause()
    const all = Array.from({ length: 100 }, (_, n) => capacity.submit({ name: 'note', payload: n }, { durable: n % 2 === 0 }))
    await Promise.all(all.map(each => each.admitted))
    for (const [n, each] of all.entries()) if (n % 10 === 0) expect(each.cancel()).toBe(true)
    expect(all[55]!.reprioritise(9)).toBe(true)
    await new Promise(setImmediate)
    capacity.resume()
    await capacity.idle()
    expect(order).toHaveLength(90)
    expect(order[0]).toBe(55)
    expect(capacity.counts()).toMatchObject({ submitted: 100, done: 90, cancelled: 10 })
    await close()
    void store
  })

  it('miss their deadline in the store too', async () => {
    const clock = createFakeClock()
    const { capacity, close } = make(newFile(), { maxTasks: 0, handlers: { job: () => {} } }, { clock })
    capacity.pause()
    const all = Array.from({ length: 100 }, () => capacity.submit({ name: 'job' }, { deadlineMs: 1000 }))
    await Promise.all(all.map(each => each.admitted))
    clock.advance(1001)
    for (const { done } of all) expect(errorOf(await done).code).toBe('timeout')
    expect(capacity.counts()).toMatchObject({ failed: 100, queued: 0 })
    await close()
  })
})
