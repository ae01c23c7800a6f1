import { createBreaker, type BreakerOptions, type BreakerTransition, type TripOptions } from '@hivekit/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'

const setUp = (options: BreakerOptions = {}) => {
  const clock = createVirtualClock()
  const breaker = createBreaker({ clock, ...options })
  const call = (failed: boolean) => breaker.leave(breaker.enter(), failed ? 'failure' : 'success')
  const calls = (pattern: string) => { for (const letter of pattern) call(letter === 'x') }
  return { clock, breaker, calls }
}

const opensAfter = (trip: TripOptions | undefined, pattern: string) => {
  const { breaker, calls } = setUp(trip ? { trip } : {})
  const at = Array.from(pattern).findIndex(letter => {
    calls(letter)
    return breaker.state() === 'open'
  })
  return at + 1
}

describe('a breaker opens', () => {
  test('after so many failures in a row, 5 by default', () => {
    expect(opensAfter(undefined, 'xxxx.xxxxxx')).toBe(10)
    expect(opensAfter({ type: 'consecutive', failures: 2 }, 'x.x.xx')).toBe(6)
    expect(opensAfter({ type: 'consecutive', failures: 1 }, '..x')).toBe(3)
    expect(opensAfter({ type: 'consecutive' }, 'xxxxx')).toBe(5)
  })

  test('when too great a part of the last calls failed', () => {
    const trip = { type: 'count', size: 4, minimum: 3, failureRatio: 0.5 } as const
    expect(opensAfter(trip, 'xx')).toBe(0)
    expect(opensAfter(trip, 'xxx')).toBe(3)
    expect(opensAfter(trip, '..x.x')).toBe(5)
    // The two failures slide out of the window before the next two come.
    expect(opensAfter(trip, '....x...x...x')).toBe(0)
    expect(opensAfter(trip, '....x...x.x')).toBe(11)
    expect(opensAfter({ type: 'count', size: 4, minimum: 4, failureRatio: 1 }, 'xxx.xxxx')).toBe(8)
    expect(opensAfter({ type: 'count', size: 3 }, 'xx')).toBe(0)
    expect(opensAfter({ type: 'count', size: 3 }, 'xxx')).toBe(3)
    expect(opensAfter({ type: 'count' }, 'xxxxxxxxxx')).toBe(10)
    expect(opensAfter({ type: 'count' }, 'xxxxxxxxx')).toBe(0)
    expect(opensAfter({ type: 'count' }, `${'.'.repeat(100)}${'x'.repeat(50)}`)).toBe(150)
    // A success never opens it, though the part of failures be great enough by then.
    expect(opensAfter({ type: 'count', size: 4, minimum: 3, failureRatio: 0.5 }, 'xx.')).toBe(0)
  })

  test('when too great a part of the calls of a time failed', async () => {
    const trip = { type: 'sampling', windowMs: 1_000, minimum: 4, failureRatio: 0.5 } as const
    expect(opensAfter(trip, 'xxx')).toBe(0)
    expect(opensAfter(trip, 'xx..')).toBe(0)
    expect(opensAfter(trip, 'xx..x')).toBe(5)
    expect(opensAfter({ type: 'sampling' }, 'x'.repeat(20))).toBe(20)
    expect(opensAfter({ type: 'sampling' }, `${'.'.repeat(20)}${'x'.repeat(20)}`)).toBe(40)

    const { breaker, calls, clock } = setUp({ trip })
    calls('xxx')
    await clock.advance(999)
    calls('.')
    await clock.advance(1)
    // The first three are out of the window now: 2 of 3 calls failed, and 3 are too few.
    calls('xx')
    expect(breaker.state()).toBe('closed')
    calls('x')
    expect(breaker.state()).toBe('open')
  })

  test('a time that was forgotten long ago counts for nothing', async () => {
    const { breaker, calls, clock } = setUp({ trip: { type: 'sampling', windowMs: 1_000, minimum: 2, failureRatio: 1 } })
    calls('x')
    await clock.advance(100_000)
    calls('x')
    expect(breaker.state()).toBe('closed')
    await clock.advance(899)
    calls('x')
    expect(breaker.state()).toBe('open')
  })

  test.each([
    { trip: { type: 'consecutive', failures: 0 } }, { trip: { type: 'count', size: 0 } }, { trip: { type: 'count', size: 3, minimum: 4 } },
    { trip: { type: 'count', minimum: 0 } }, { trip: { type: 'count', failureRatio: 0 } }, { trip: { type: 'count', failureRatio: 1.1 } },
    { trip: { type: 'sampling', windowMs: 0 } }, { trip: { type: 'sampling', minimum: 0 } }, { trip: { type: 'sampling', failureRatio: 0 } },
    { trip: { type: 'sampling', failureRatio: 2 } },
    { openMs: 0 }, { openMs: 10, maxOpenMs: 9 }, { probes: 0 }, { successesToClose: 0 }, { probeLeaseMs: 0 },
  ] satisfies BreakerOptions[])('but not with %o', options => {
    const name = Object.keys('trip' in options ? options.trip : options).at(-1)!
    expect(() => createBreaker(options)).toThrow(new RegExp(`Expected ${name} to be a number`))
  })

  test('and knows no other ways', () => {
    expect(() => createBreaker({ trip: { type: 'mood' } as unknown as TripOptions })).toThrow('Expected a trip of type consecutive, count or sampling; got mood.')
  })
})

describe('an open breaker', () => {
  test('refuses until its time is over, then lets one probe pass at a time', async () => {
    const { breaker, calls, clock } = setUp()
    calls('xxxxx')
    expect(breaker.snapshot()).toEqual({ state: 'open', remainingMs: 500, opens: 1 })
    await clock.advance(499)
    expect(breaker.enter()).toBe(0)
    expect(breaker.state()).toBe('open')
    await clock.advance(1)
    expect(breaker.refusesUntil()).toBe(500)
    const probe = breaker.enter()
    expect(probe).toBeGreaterThan(0)
    expect(breaker.state()).toBe('half-open')
    expect(breaker.refusesUntil()).toBe(0)
    expect(breaker.enter()).toBe(0)
    breaker.leave(probe, 'neutral')
    const second = breaker.enter()
    expect(second).toBeGreaterThan(0)
    breaker.leave(second, 'success')
    expect(breaker.state()).toBe('closed')
    expect(breaker.snapshot()).toEqual({ state: 'closed', remainingMs: 0, opens: 0 })
    // What was counted before is forgotten.
    calls('xxxx')
    expect(breaker.state()).toBe('closed')
  })

  test('opens again when a probe fails, for twice as long each time if that is allowed', async () => {
    const waits = async (options: BreakerOptions) => {
      const { breaker, calls, clock } = setUp({ trip: { type: 'consecutive', failures: 1 }, ...options })
      const seen: number[] = []
      for (let i = 0; i < 5; i++) {
        calls('x')
        seen.push(breaker.snapshot().remainingMs)
        await clock.advance(breaker.snapshot().remainingMs)
      }
      return seen
    }
    expect(await waits({ openMs: 100 })).toEqual([100, 100, 100, 100, 100])
    expect(await waits({ openMs: 100, maxOpenMs: 500 })).toEqual([100, 200, 400, 500, 500])
  })

  test('closes after so many probes, of which so many may be under way', async () => {
    const { breaker, calls, clock } = setUp({ probes: 2, successesToClose: 3, openMs: 10 })
    calls('xxxxx')
    await clock.advance(10)
    const [a, b, c] = [breaker.enter(), breaker.enter(), breaker.enter()]
    expect([a > 0, b > 0, c]).toEqual([true, true, 0])
    breaker.leave(a, 'success')
    breaker.leave(b, 'success')
    expect(breaker.state()).toBe('half-open')
    breaker.leave(breaker.enter(), 'success')
    expect(breaker.state()).toBe('closed')
  })

  test('gives the place of a probe that never ends away', async () => {
    const { breaker, calls, clock } = setUp({ openMs: 10, probeLeaseMs: 500 })
    calls('xxxxx')
    await clock.advance(10)
    const lost = breaker.enter()
    await clock.advance(499)
    expect(breaker.enter()).toBe(0)
    await clock.advance(1)
    const next = breaker.enter()
    expect(next).toBeGreaterThan(0)
    expect(breaker.enter()).toBe(0)
    breaker.leave(lost, 'failure')
    expect(breaker.state()).toBe('half-open')
    breaker.leave(next, 'success')
    expect(breaker.state()).toBe('closed')
  })

  test('asks its gate before the first probe', async () => {
    let open = false
    const { breaker, calls, clock } = setUp({ openMs: 10, mayProbe: () => open })
    calls('xxxxx')
    open = true
    await clock.advance(9)
    expect(breaker.enter()).toBe(0)
    open = false
    await clock.advance(1)
    expect(breaker.enter()).toBe(0)
    expect(breaker.state()).toBe('open')
    open = true
    expect(breaker.enter()).toBeGreaterThan(0)
  })

  test('ignores what began before it opened', () => {
    const { breaker, calls } = setUp({ openMs: 10 })
    const early = breaker.enter()
    calls('xxxxx')
    breaker.leave(early, 'success')
    breaker.leave(0, 'success')
    expect(breaker.state()).toBe('open')
    breaker.close()
    breaker.leave(early, 'failure')
    calls('xxxx')
    expect(breaker.state()).toBe('closed')
  })
})

test('what says nothing is not counted', () => {
  const { breaker, calls } = setUp()
  calls('xxxx')
  breaker.leave(breaker.enter(), 'neutral')
  expect(breaker.state()).toBe('closed')
  calls('x')
  expect(breaker.state()).toBe('open')
})

test('it can be opened and closed by hand', async () => {
  const { breaker, clock } = setUp({ openMs: 200 })
  breaker.open()
  expect(breaker.snapshot().remainingMs).toBe(200)
  breaker.open(5_000)
  expect(breaker.snapshot()).toEqual({ state: 'open', remainingMs: 5_000, opens: 2 })
  await clock.advance(4_999)
  expect(breaker.enter()).toBe(0)
  breaker.close()
  expect(breaker.enter()).toBeGreaterThan(0)
  expect(() => breaker.open(-1)).toThrow('Expected forMs to be a number of 0 or more; got -1.')
})

test('its state can be kept over a restart', async () => {
  const first = setUp({ openMs: 1_000, maxOpenMs: 8_000 })
  first.calls('xxxxx')
  await first.clock.advance(400)
  const kept = JSON.parse(JSON.stringify(first.breaker.snapshot()))
  const second = setUp({ openMs: 1_000, maxOpenMs: 8_000 })
  await second.clock.advance(77)
  second.breaker.restore(kept)
  await second.clock.advance(599)
  expect(second.breaker.enter()).toBe(0)
  await second.clock.advance(1)
  second.calls('x')
  expect(second.breaker.snapshot()).toEqual({ state: 'open', remainingMs: 2_000, opens: 2 })
  await second.clock.advance(2_000)
  second.breaker.enter()
  const third = setUp()
  third.breaker.restore(second.breaker.snapshot())
  expect(third.breaker.enter()).toBeGreaterThan(0)
  third.breaker.restore({ state: 'closed', remainingMs: 0, opens: 0 })
  expect(third.breaker.state()).toBe('closed')
})

test('each change of state is told once, to those who still listen', async () => {
  const { breaker, calls, clock } = setUp({ openMs: 10 })
  const told: BreakerTransition[] = []
  const stop = breaker.onTransition(transition => told.push(transition))
  calls('xxxxx')
  breaker.open()
  await clock.advance(10)
  calls('.')
  breaker.close()
  stop()
  breaker.open()
  expect(told).toEqual([
    { from: 'closed', to: 'open', openMs: 10 }, { from: 'open', to: 'half-open', openMs: 0 }, { from: 'half-open', to: 'closed', openMs: 0 },
  ])
})

test('whatever happens, an open breaker passes nothing and a half-open one no more than its probes', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('enter' as const) }),
    fc.record({ do: fc.constant('leave' as const), verdict: fc.constantFrom('success' as const, 'failure' as const, 'neutral' as const), which: fc.nat(5) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat(300) }),
  )
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (probes, steps) => {
    const { breaker, clock } = setUp({ trip: { type: 'consecutive', failures: 2 }, openMs: 100, probes, probeLeaseMs: 1e9 })
    let under: number[] = []
    breaker.onTransition(() => { under = [] })
    for (const one of steps) {
      if (one.do === 'wait') await clock.advance(one.ms)
      else if (one.do === 'leave') {
        const [permit] = under.splice(one.which % Math.max(1, under.length), 1)
        if (permit !== undefined) breaker.leave(permit, one.verdict)
      } else {
        const mustRefuse = breaker.state() === 'open' && clock.now() < breaker.refusesUntil()
        const permit = breaker.enter()
        if (mustRefuse) expect(permit).toBe(0)
        if (permit > 0) under.push(permit)
        if (breaker.state() === 'half-open') expect(under.length).toBeLessThanOrEqual(probes)
      }
    }
  }), { numRuns: 60 })
})
