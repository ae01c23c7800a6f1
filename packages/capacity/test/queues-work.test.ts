import { createCapacity } from '@hivekit/capacity'
import { HiveError } from '@hivekit/errors'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'
import { errorOf, valueOf } from './unwrap.ts'

const gate = () => Promise.withResolvers<void>()
/** One turn of the event loop: all that can start has started. */
const turn = () => new Promise(setImmediate)
const one = { limits: { slots: { kind: 'concurrency', max: 1 } } } as const

describe('submit', () => {
  it('tells at once that work is in, and later how it went', async () => {
    await using capacity = createCapacity(one)
    const { promise, resolve } = gate()
    const first = capacity.submit(() => promise)
    const second = capacity.submit(async ({ attempt }) => `attempt ${attempt}`)
    expect(valueOf(await second.admitted)).toEqual({ position: 1, expectedWaitMs: 0 })
    await turn()
    expect(second.position).toBe(0)
    expect([first.state, second.state]).toEqual(['running', 'queued'])
    resolve()
    expect(valueOf(await second.done)).toBe('attempt 1')
    expect(second.state).toBe('done')
  })

  it('never starts work before the caller has gone on', async () => {
    await using capacity = createCapacity(one)
    let started = false
    const { done } = capacity.submit(() => {
      started = true
    })
    expect(started).toBe(false)
    await done
    expect(started).toBe(true)
  })

  it('answers what a task threw, and rejects no promise', async () => {
    await using capacity = createCapacity(one)
    const plain = capacity.submit(() => {
      throw new Error('broken')
    })
    const coded = capacity.submit(async () => {
      throw new HiveError('not_found', 'No such bot.')
    })
    expect(errorOf(await plain.done)).toMatchObject({ code: 'internal', message: 'broken' })
    expect(errorOf(await coded.done)).toMatchObject({ code: 'not_found' })
    expect(capacity.counts()).toMatchObject({ failed: 2, running: 0 })
  })

  it('refuses at the bound with a time to come back, and says so at once', async () => {
    await using capacity = createCapacity({ ...one, queue: { maxTasks: 2, maxBytes: 100 } })
    capacity.pause()
    capacity.submit(() => {}, { bytes: 90 })
    const heavy = capacity.submit(() => {}, { bytes: 20 })
    capacity.submit(() => {})
    const late = capacity.submit(() => {})
    for (const refused of [heavy, late]) {
      expect(refused.state).toBe('rejected')
      const error = errorOf(await refused.admitted)
      expect(error).toMatchObject({ code: 'capacity_exceeded', kind: 'throttled' })
      expect(error.retryAfterMs).toBeGreaterThan(0)
      expect((await refused.done).isErr()).toBe(true)
    }
    expect(errorOf(await capacity.submit(() => {}, { bytes: 101 }).admitted).code).toBe('too_large')
    capacity.resume()
    await capacity.idle()
    expect(capacity.counts()).toEqual({ submitted: 5, done: 2, failed: 0, cancelled: 0, rejected: 3, queued: 0, running: 0 })
  })

  it('refuses what costs more than a limit can ever hold, but keeps what a lowered limit holds back', async () => {
    await using capacity = createCapacity({ limits: { slots: { kind: 'concurrency', max: 4 } } })
    expect(errorOf(await capacity.submit(() => {}, { cost: 5 }).admitted).code).toBe('too_large')
    capacity.setLimit('slots', { max: 2 })
    capacity.pause()
    capacity.setLimit('slots', { max: 4 })
    const big = capacity.submit(() => 'big', { cost: 4, key: 'a' })
    const small = capacity.submit(() => 'small', { key: 'b' })
    capacity.setLimit('slots', { max: 2 })
    capacity.resume()
    expect((await small.done).isOk()).toBe(true)
    expect(big.state).toBe('queued')
    capacity.setLimit('slots', { max: 4 })
    expect(valueOf(await big.done)).toBe('big')
  })
})

describe('order', () => {
  const runAll = async (
    options: Parameters<typeof createCapacity>[0],
    submit: (capacity: ReturnType<typeof createCapacity>, log: (name: string) => () => void) => void,
  ): Promise<string[]> => {
    await using capacity = createCapacity(options)
    const order: string[] = []
    capacity.pause()
    submit(capacity, name => () => void order.push(name))
    capacity.resume()
    await capacity.idle()
    return order
  }

  it('goes by priority, then by arrival', async () => {
    const order = await runAll({ ...one, clock: createFakeClock() }, (capacity, log) => {
      capacity.submit(log('a'))
      capacity.submit(log('b'), { priority: 2 })
      capacity.submit(log('c'))
      capacity.submit(log('d'), { priority: 2 })
      capacity.submit(log('e'), { priority: -1 })
    })
    expect(order.join('')).toBe('bdace')
  })

  it('lets age outweigh priority', async () => {
    const clock = createFakeClock()
    const order = await runAll({ ...one, clock, queue: { agingMs: 1000 } }, (capacity, log) => {
      capacity.submit(log('old'))
      clock.advance(2500)
      capacity.submit(log('urgent'), { priority: 3 })
      capacity.submit(log('less'), { priority: 2 })
    })
    expect(order).toEqual(['urgent', 'old', 'less'])
  })

  it('takes turns among keys, by their weight', async () => {
    const order = await runAll(
      { ...one, clock: createFakeClock(), queue: { weight: key => (key === 'b' ? 2 : 1) } },
      (capacity, log) => {
        for (let i = 0; i < 6; i++) capacity.submit(log('a'), { key: 'a' })
        for (let i = 0; i < 6; i++) capacity.submit(log('b'), { key: 'b' })
        capacity.submit(log('c'), { key: 'c' })
      },
    )
    expect(order.join('')).toMatch(/^[abc]*$/)
    expect(order.slice(0, 4).toSorted().join('')).toBe('abbc')
    expect(order.slice(0, 10).filter(key => key === 'b')).toHaveLength(6)
  })

  it('passes over a key that is at its own limit', async () => {
    await using capacity = createCapacity({
      limits: { perBot: { kind: 'concurrency', max: 1, per: 'key' }, all: { kind: 'concurrency', max: 2 } },
    })
    const { promise, resolve } = gate()
    const slow = capacity.submit(() => promise, { key: 'a' })
    const behind = capacity.submit(() => 'second', { key: 'a' })
    const other = capacity.submit(() => 'other', { key: 'b' })
    expect(valueOf(await other.done)).toBe('other')
    expect([slow.state, behind.state]).toEqual(['running', 'queued'])
    resolve()
    expect(valueOf(await behind.done)).toBe('second')
  })

  it('starts at the pace of a rate', async () => {
    const clock = createFakeClock()
    await using capacity = createCapacity({ limits: { tasks: { kind: 'rate', perSecond: 10, burst: 1 } }, clock })
    const all = [1, 2, 3].map(n => capacity.submit(() => n))
    await all[0]!.done
    expect(all.map(each => each.state)).toEqual(['done', 'queued', 'queued'])
    clock.advance(100)
    await all[1]!.done
    expect(all[2]!.state).toBe('queued')
    clock.advance(100)
    await all[2]!.done
  })

  it('starts what waits when a permit held elsewhere is released', async () => {
    await using capacity = createCapacity(one)
    const permit = capacity.tryAcquire()
    const { done, state } = capacity.submit(() => 1)
    await turn()
    expect(state).toBe('queued')
    permit[Symbol.dispose]()
    expect((await done).isOk()).toBe(true)
  })
})

describe('waiting', () => {
  it('tells place and expected wait, and both fall', async () => {
    const clock = createFakeClock()
    await using capacity = createCapacity({ ...one, clock })
    const gates = Array.from({ length: 6 }, gate)
    const all = gates.map(({ promise }) => capacity.submit(() => promise))
    await turn()
    expect(all.map(each => each.position)).toEqual([undefined, 0, 1, 2, 3, 4])
    for (const i of [0, 1]) {
      clock.advance(200)
      gates[i]!.resolve()
      await all[i]!.done
      await turn()
    }
    expect(all[5]!.position).toBe(2)
    expect(all[5]!.expectedWaitMs).toBe(400)
    all[5]!.reprioritise(1)
    expect(all.map(each => each.position)).toEqual([undefined, undefined, undefined, 1, 2, 0])
    for (const { resolve } of gates) resolve()
  })

  it('cancels what waits and what runs, at once', async () => {
    await using capacity = createCapacity(one)
    const { promise, resolve } = gate()
    let aborted = false
    const runs = capacity.submit(async ({ signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      await promise
    })
    const controller = new AbortController()
    const waits = capacity.submit(() => {}, { signal: controller.signal })
    await turn()
    expect(runs.state).toBe('running')
    controller.abort()
    expect(errorOf(await waits.done).code).toBe('cancelled')
    expect(runs.cancel('not needed')).toBe(true)
    expect(errorOf(await runs.done)).toMatchObject({ code: 'cancelled', message: 'not needed' })
    expect(aborted).toBe(true)
    expect(capacity.usage('slots').used).toBe(1)
    resolve()
    expect(capacity.submit(() => {}, { signal: controller.signal }).state).toBe('cancelled')
    await capacity.submit(() => {}).done
    expect(runs.cancel()).toBe(false)
    expect(capacity.counts()).toMatchObject({ cancelled: 3, done: 1 })
  })

  it('ends what misses its deadline, and refuses what cannot meet it', async () => {
    const clock = createFakeClock()
    await using capacity = createCapacity({ ...one, clock })
    const gates = Array.from({ length: 3 }, gate)
    const [first, second, third] = gates.map(({ promise }) => capacity.submit(() => promise, { deadlineMs: 1000 }))
    await turn()
    for (const [i, each] of [first!, second!].entries()) {
      clock.advance(300)
      gates[i]!.resolve()
      await each.done
      await turn()
    }
    const waits = capacity.submit(() => {}, { deadlineMs: 350 })
    capacity.submit(() => {})
    const hopeless = capacity.submit(() => {}, { deadlineMs: 350 })
    expect(errorOf(await hopeless.admitted)).toMatchObject({ code: 'capacity_exceeded' })
    clock.advance(400)
    expect(errorOf(await waits.done).code).toBe('timeout')
    expect(errorOf(await third!.done).code).toBe('timeout')
    gates[2]!.resolve()
    await capacity.idle()
    expect(capacity.counts()).toMatchObject({ done: 3, failed: 2, rejected: 1 })
  })

  it('closes: takes no more, cancels what waits, lets what runs end', async () => {
    const capacity = createCapacity(one)
    const { promise, resolve } = gate()
    const runs = capacity.submit(() => promise)
    const waits = capacity.submit(() => {})
    await turn()
    const closing = capacity[Symbol.asyncDispose]()
    expect(errorOf(await waits.done).code).toBe('cancelled')
    expect(errorOf(await capacity.submit(() => {}).admitted).code).toBe('unavailable')
    resolve()
    await closing
    expect(runs.state).toBe('done')
  })
})
