import { createCapacity, refusalToError, type Permit, type Refusal } from '@hivekit/capacity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const admitted = (answer: Permit | Refusal): Permit => {
  if (!answer.admitted) throw new Error(`Refused by ${answer.limit}.`)
  return answer
}
const refused = (answer: Permit | Refusal): Refusal => {
  if (answer.admitted) throw new Error('Admitted.')
  return answer
}

describe('several limits at once', () => {
  it('admits while every limit agrees, and names the one that binds', () => {
    const clock = createFakeClock()
    const capacity = createCapacity({
      limits: { bots: { kind: 'concurrency', max: 2 }, tasks: { kind: 'rate', perSecond: 10, burst: 3 } },
      clock,
    })
    const first = admitted(capacity.tryAcquire())
    admitted(capacity.tryAcquire())
    expect(refused(capacity.tryAcquire())).toMatchObject({ limit: 'bots', kind: 'concurrency' })
    first.release()
    admitted(capacity.tryAcquire()).release()
    expect(refused(capacity.tryAcquire())).toMatchObject({ limit: 'tasks', retryAfterMs: 100 })
    clock.advance(100)
    admitted(capacity.tryAcquire())
  })

  it('takes nothing of any limit when one refuses', () => {
    const capacity = createCapacity({
      limits: { bots: { kind: 'concurrency', max: 1 }, tasks: { kind: 'rate', perSecond: 1, burst: 10 } },
      clock: createFakeClock(),
    })
    admitted(capacity.tryAcquire())
    for (let i = 0; i < 20; i++) refused(capacity.tryAcquire())
    expect(capacity.usage('tasks').used).toBe(1)
    expect(capacity.usage('bots').used).toBe(1)
  })

  it('gives back once however often it is released, and at the end of a block', () => {
    const capacity = createCapacity({ limits: { bots: { kind: 'concurrency', max: 2 } } })
    const held = admitted(capacity.tryAcquire())
    const other = admitted(capacity.tryAcquire())
    held.release()
    held.release()
    expect(capacity.usage('bots').used).toBe(1)
    other.release()
    {
      using permit = capacity.tryAcquire()
      expect(permit.admitted).toBe(true)
      expect(capacity.usage('bots').used).toBe(1)
    }
    expect(capacity.usage('bots').used).toBe(0)
  })

  it('weighs work by its cost, for all limits or for each', () => {
    const capacity = createCapacity({
      limits: { bots: { kind: 'concurrency', max: 10 }, tokens: { kind: 'rate', perSecond: 1000, burst: 5000 } },
      clock: createFakeClock(),
    })
    admitted(capacity.tryAcquire({ cost: { bots: 4, tokens: 3000 } }))
    expect(refused(capacity.tryAcquire({ cost: { tokens: 3000 } }))).toMatchObject({ limit: 'tokens', retryAfterMs: 1000 })
    expect(refused(capacity.tryAcquire({ cost: 7 }))).toMatchObject({ limit: 'bots' })
    const never = refused(capacity.tryAcquire({ cost: 11 }))
    expect(never).toMatchObject({ limit: 'bots', retryAfterMs: Infinity })
    expect(refusalToError(never).code).toBe('too_large')
    expect(() => capacity.tryAcquire({ cost: -1 })).toThrow(RangeError)
    expect(() => capacity.tryAcquire({ cost: { bots: Number.NaN } })).toThrow('Expected cost.bots to be a number')
  })

  it('changes limits as it runs, and lets what runs finish', () => {
    const capacity = createCapacity({ limits: { bots: { kind: 'concurrency', max: 3 } } })
    const held = [1, 2, 3].map(() => admitted(capacity.tryAcquire()))
    capacity.setLimit('bots', { max: 1 })
    held.pop()!.release()
    held.pop()!.release()
    refused(capacity.tryAcquire())
    held.pop()!.release()
    admitted(capacity.tryAcquire())
    capacity.setLimit('bots', { max: 5 })
    admitted(capacity.tryAcquire())
    expect(() => capacity.setLimit('bots', { max: -1 })).toThrow('Expected max to be at least 0, got -1.')
    expect(() => capacity.setLimit('bots', { most: 1 })).toThrow(TypeError)
    expect(() => capacity.setLimit('cats', { max: 1 })).toThrow('Expected a limit among bots, got "cats".')
  })
})

describe('keys', () => {
  it('counts each key by itself, with a bound of its own where one is given', () => {
    const capacity = createCapacity({ limits: { perBot: { kind: 'concurrency', max: 1, per: 'key', overrides: { big: 2 } } } })
    const a = admitted(capacity.tryAcquire({ key: 'a' }))
    expect(refused(capacity.tryAcquire({ key: 'a' })).limit).toBe('perBot')
    admitted(capacity.tryAcquire({ key: 'b' }))
    admitted(capacity.tryAcquire({ key: 'big' }))
    admitted(capacity.tryAcquire({ key: 'big' }))
    refused(capacity.tryAcquire({ key: 'big' }))
    a.release()
    admitted(capacity.tryAcquire({ key: 'a' }))
  })

  it('forgets keys that have nothing left to remember', () => {
    const clock = createFakeClock()
    const capacity = createCapacity({ limits: { perUser: { kind: 'rate', perSecond: 10, burst: 1, per: 'key' } }, clock })
    for (let i = 0; i < 5000; i++) {
      admitted(capacity.tryAcquire({ key: `user-${i}` }))
      clock.advance(1)
    }
    expect(capacity.usage('perUser').keys).toBeLessThan(2100)
  })
})

describe('rate', () => {
  it('never admits more than burst + rate × time over any interval, and loses nothing to rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 50 }), cost: fc.integer({ min: 1, max: 3 }) }), { maxLength: 200 }),
        (burst, perSecond, calls) => {
          const clock = createFakeClock()
          const capacity = createCapacity({ limits: { tasks: { kind: 'rate', perSecond, burst } }, clock })
          const taken: { atMs: number; cost: number }[] = []
          for (const { gapMs, cost } of calls) {
            clock.advance(gapMs)
            const answer = capacity.tryAcquire({ cost })
            if (answer.admitted) taken.push({ atMs: clock.now(), cost })
            else if (answer.retryAfterMs < Infinity) {
              // The promise of retryAfterMs holds: just before, still no; at that time, yes.
              const copy = answer.retryAfterMs
              expect(copy).toBeGreaterThan(0)
            }
          }
          for (let from = 0; from < taken.length; from++) {
            let sum = 0
            for (let to = from; to < taken.length; to++) {
              sum += taken[to]!.cost
              const seconds = (taken[to]!.atMs - taken[from]!.atMs) / 1000
              expect(sum).toBeLessThanOrEqual(burst + perSecond * seconds + 1e-6)
            }
          }
        },
      ),
    )
  })

  it('admits at the time it promised, and not before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 500 }), (burst, perSecond) => {
        const clock = createFakeClock()
        const capacity = createCapacity({ limits: { tasks: { kind: 'rate', perSecond, burst } }, clock })
        for (let i = 0; i < burst; i++) admitted(capacity.tryAcquire())
        const { retryAfterMs } = refused(capacity.tryAcquire())
        clock.advance(retryAfterMs * 0.99)
        refused(capacity.tryAcquire())
        clock.advance(retryAfterMs * 0.0101)
        admitted(capacity.tryAcquire())
      }),
    )
  })
})

describe('readings', () => {
  it('refuses at the bound of a gauge, and stays shut until it is clearly below', () => {
    const clock = createFakeClock()
    let sockets = 10
    const capacity = createCapacity({
      limits: { sockets: { kind: 'gauge', max: 100, resumeRatio: 0.9, sampleMs: 100, read: () => sockets } },
      clock,
    })
    admitted(capacity.tryAcquire())
    sockets = 100
    admitted(capacity.tryAcquire())
    clock.advance(100)
    const answer = refused(capacity.tryAcquire())
    expect(answer).toMatchObject({ limit: 'sockets', kind: 'gauge', retryAfterMs: 100 })
    sockets = 95
    clock.advance(100)
    refused(capacity.tryAcquire())
    sockets = 89
    clock.advance(100)
    admitted(capacity.tryAcquire())
  })

  it('refuses nothing for a reading that fails', () => {
    const capacity = createCapacity({
      limits: {
        broken: {
          kind: 'gauge',
          max: 1,
          read: () => {
            throw new Error('no such file')
          },
        },
      },
      clock: createFakeClock(),
    })
    admitted(capacity.tryAcquire())
    expect(capacity.usage('broken').used).toBeNull()
  })

  it('refuses while the event loop is busy, and no longer', async () => {
    const capacity = createCapacity({ limits: { loop: { kind: 'eventLoop', maxUtilisation: 0.5, sampleMs: 20 } } })
    const until = Date.now() + 60
    while (Date.now() < until);
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(refused(capacity.tryAcquire())).toMatchObject({ limit: 'loop', kind: 'eventLoop' })
    while (!capacity.tryAcquire().admitted) await new Promise(resolve => setTimeout(resolve, 10))
    await capacity[Symbol.asyncDispose]()
  })

  it('reserves memory for what has started but not grown yet', () => {
    const clock = createFakeClock()
    let usedBytes = 200
    const capacity = createCapacity({
      limits: {
        memory: { kind: 'memory', maxRatio: 0.9, reserveBytes: 100, read: () => ({ usedBytes, maxBytes: 1000, source: 'machine' }) },
      },
      clock,
    })
    const held = [1, 2, 3, 4, 5, 6, 7].map(() => admitted(capacity.tryAcquire()))
    expect(refused(capacity.tryAcquire()).limit).toBe('memory')
    held[0]!.release()
    held[0] = admitted(capacity.tryAcquire())
    usedBytes = 950
    clock.advance(250)
    for (const permit of held) permit.release()
    refused(capacity.tryAcquire())
    usedBytes = 200
    clock.advance(250)
    admitted(capacity.tryAcquire())
  })
})
