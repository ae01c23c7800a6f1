import { createAutoscaler, replayScaling, type ScalingInput, type ScalingRulesOptions } from '@hivekit/capacity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const at = (atMs: number, current: number, ...values: (number | undefined)[]): ScalingInput => ({
  atMs,
  current,
  readings: values.map((value, i) => ({ name: `s${i}`, value, target: 100, type: 'value' })),
})
const decideAll = (options: Partial<ScalingRulesOptions>, ...inputs: ScalingInput[]) =>
  replayScaling({ min: 1, max: 100, ...options }, inputs).map(({ desired, reason }) => `${desired} ${reason}`)

describe('the arithmetic of one evaluation', () => {
  it.each([
    ['scales by the ratio, rounded up', at(0, 3, 150), '5 signal'],
    ['does nothing within the tolerance', at(0, 10, 109), '10 within-tolerance'],
    ['acts just outside it', at(0, 10, 111), '12 signal'],
    ['goes by the signal that asks for most', at(0, 2, 50, 150, 120), '3 signal'],
    ['scales up by what can be read', at(0, 2, undefined, 200), '4 signal'],
    ['holds rather than scale down half blind', at(0, 4, undefined, 20), '4 missing'],
    ['holds when blind', at(0, 4, undefined, Number.NaN), '4 missing'],
    ['brings in what is above the most, whatever the signals say', at(0, 120, undefined), '100 bounds'],
    ['starts from none', at(0, 0, 250), '1 bounds'],
    ['doubles at most, but may add four to a few', at(0, 1, 10_000), '5 rate-limited'],
    ['doubles at most', at(0, 10, 10_000), '20 rate-limited'],
  ])('%s', (_, input, expected) => {
    expect(decideAll({}, input)).toEqual([expected])
  })

  it('divides a total among instances', () => {
    const input = { atMs: 0, current: 4, readings: [{ name: 'waiting', value: 41, target: 10, type: 'average' as const }] }
    expect(decideAll({}, input)).toEqual(['4 within-tolerance'])
    expect(decideAll({}, { ...input, readings: [{ ...input.readings[0]!, value: 51 }] })).toEqual(['6 signal'])
  })
})

describe('over time', () => {
  it('scales down only to the most that was asked for within the window', () => {
    expect(decideAll({}, at(0, 10, 100), at(60_000, 10, 50), at(299_999, 10, 20), at(300_000, 10, 20), at(360_001, 5, 20))).toEqual([
      '10 within-tolerance',
      '10 stabilised',
      '10 stabilised',
      '5 stabilised',
      '2 stabilised',
    ])
  })

  it('counts changes against the policies for the length of their period', () => {
    const policies = { up: { policies: [{ type: 'pods', value: 2, periodMs: 60_000 }] } } as const
    expect(decideAll({ policies }, at(0, 1, 900), at(15_000, 3, 900), at(59_999, 3, 900), at(60_001, 3, 900))).toEqual([
      '3 rate-limited',
      '3 rate-limited',
      '3 rate-limited',
      '5 rate-limited',
    ])
  })

  it('rounds percent up when growing and towards none when shrinking', () => {
    const policies = {
      up: { policies: [{ type: 'percent', value: 10, periodMs: 1000 }] },
      down: { stabilisationMs: 0, policies: [{ type: 'percent', value: 10, periodMs: 1000 }] },
    } as const
    expect(decideAll({ policies }, at(0, 3, 500), at(5000, 15, 1))).toEqual(['4 rate-limited', '13 rate-limited'])
  })

  it('can be kept from one direction', () => {
    const policies = { down: { stabilisationMs: 0, select: 'disabled' } } as const
    expect(decideAll({ policies }, at(0, 9, 10), at(1, 9, 200))).toEqual(['9 disabled', '18 signal'])
  })

  it('never leaves the bounds, moves against no signal, and replays alike', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.integer({ min: 1, max: 100_000 }), value: fc.option(fc.integer({ min: 0, max: 1000 })) }), {
          minLength: 1,
          maxLength: 50,
        }),
        steps => {
          let atMs = 0
          let current = 5
          const inputs: ScalingInput[] = []
          const options = { min: 2, max: 30 }
          for (const { gapMs, value } of steps) {
            atMs += gapMs
            inputs.push(at(atMs, current, value ?? undefined))
            const { desired } = replayScaling(options, inputs).at(-1)!
            expect(desired).toBeGreaterThanOrEqual(2)
            expect(desired).toBeLessThanOrEqual(30)
            if (value === null) expect(desired).toBe(current)
            else if (value > 110) expect(desired).toBeGreaterThanOrEqual(current)
            else if (value < 90) expect(desired).toBeLessThanOrEqual(current)
            current = desired
          }
          expect(replayScaling(options, inputs)).toEqual(replayScaling(options, inputs))
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('createAutoscaler', () => {
  const fleet = (reached: (asked: number) => number) => {
    const state = { count: 2, asked: [] as number[] }
    return {
      state,
      current: () => state.count,
      scale: (count: number) => {
        state.asked.push(count)
        state.count = reached(count)
      },
    }
  }

  it('scales, counts the fleet, and says why', async () => {
    const { state, current, scale } = fleet(n => n)
    await using autoscaler = createAutoscaler({ min: 1, max: 10, signals: { load: { read: () => 190, target: 100 } }, current, scale })
    const scaling = await autoscaler.evaluate()
    expect(scaling).toMatchObject({ current: 2, desired: 4, outcome: 'reached', counted: 4, reason: 'signal' })
    expect(scaling.message).toBe('load reads 190 for a target of 100.')
    expect(state.asked).toEqual([4])
  })

  it('says so when the fleet did not follow, and asks again next time', async () => {
    const { state, current, scale } = fleet(() => 3)
    const clock = createFakeClock()
    await using autoscaler = createAutoscaler({
      min: 1,
      max: 10,
      signals: { load: { read: () => 200, target: 100 } },
      current,
      scale,
      verifyWithinMs: 1000,
      clock,
    })
    const evaluating = autoscaler.evaluate()
    while (!(await Promise.race([evaluating, new Promise(resolve => setImmediate(resolve, undefined))]))) clock.advance(250)
    expect(await evaluating).toMatchObject({ desired: 4, outcome: 'not-reached', counted: 3 })
    expect(autoscaler.log()).toHaveLength(1)
    expect(state.asked).toEqual([4])
  })

  it('survives a fleet that cannot be scaled, and does not count it against the policies', async () => {
    let broken = true
    let count = 1
    await using autoscaler = createAutoscaler({
      min: 1,
      max: 10,
      signals: { load: { read: () => 900, target: 100 } },
      policies: { up: { policies: [{ type: 'pods', value: 1, periodMs: 60_000 }] } },
      current: () => count,
      scale: n => {
        if (broken) throw new Error('no such machine')
        count = n
      },
      clock: createFakeClock(),
    })
    expect(await autoscaler.evaluate()).toMatchObject({ outcome: 'failed', desired: 2, counted: 1 })
    broken = false
    expect(await autoscaler.evaluate()).toMatchObject({ outcome: 'reached', desired: 2 })
    expect(replayScaling({ min: 1, max: 10, policies: { up: { policies: [{ type: 'pods', value: 1, periodMs: 60_000 }] } } }, autoscaler.log())).toMatchObject([
      { desired: 2 },
      { desired: 2 },
    ])
  })

  it('grows before it must when a signal looks ahead', async () => {
    const decide = async (leadMs: number | undefined): Promise<number> => {
      const clock = createFakeClock()
      let age = 0
      await using autoscaler = createAutoscaler({
        min: 1,
        max: 10,
        signals: { age: { read: () => age, target: 60, ...(leadMs === undefined ? {} : { leadMs }) } },
        policies: { down: { select: 'disabled' } },
        current: () => 2,
        scale: () => {},
        verifyWithinMs: 0,
        clock,
      })
      let desired = 0
      for (; age <= 50; age += 10) {
        desired = (await autoscaler.evaluate()).desired
        clock.advance(10_000)
      }
      return desired
    }
    expect(await decide(undefined)).toBe(2)
    expect(await decide(60_000)).toBeGreaterThan(2)
  })

  it('evaluates on its own once started, until it is disposed of', async () => {
    const clock = createFakeClock()
    const { state, current, scale } = fleet(n => n)
    const decided: number[] = []
    const autoscaler = createAutoscaler({
      min: 1,
      max: 64,
      signals: { load: { read: () => 200, target: 100 } },
      current,
      scale,
      clock,
      onDecision: ({ desired }) => decided.push(desired),
    })
    autoscaler.start()
    for (let i = 0; i < 3; i++) {
      clock.advance(15_000)
      await new Promise(setImmediate)
    }
    expect(decided).toEqual([4, 8, 16])
    await autoscaler[Symbol.asyncDispose]()
    clock.advance(60_000)
    await new Promise(setImmediate)
    expect(state.count).toBe(16)
  })

  it('says what is wrong with its options', () => {
    const rest = { signals: {}, current: () => 1, scale: () => {} }
    expect(() => createAutoscaler({ min: 2, max: 1, ...rest })).toThrow('Expected max to be at least 2, got 1.')
    expect(() => createAutoscaler({ min: 0.5, max: 1, ...rest })).toThrow('Expected min to be a whole number, got 0.5.')
  })
})
