import {
  createModeManager, defineHealthModel, piecewise, replayModes, responsivenessModel, scoreHealth, standardModes, toHealthJson,
  type HealthScore, type ModeManagerOptions, type ModeRecord, type ModeRules,
} from '@hivekit/health-score'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

const falling = piecewise([[0, 1], [100, 0]])
const model = defineHealthModel({ signals: { a: { curve: falling }, b: { curve: falling } }, weights: { a: 1, b: 1 } })
/** A score of so much: `a` takes the loss up to 50, `b` the rest; null: nothing is known. */
const scoreOf = (score: number | null, at: number): HealthScore => scoreHealth(score === null ? [] : [
  { signal: 'a', value: Math.min(100, 2 * (100 - score)), at },
  { signal: 'b', value: Math.max(0, 100 - 2 * score), at },
], model, { now: at })

const rules: ModeRules = { modes: standardModes({ reduced: ['exports', 'backups'], essential: ['background'], maintenance: ['chat'] })
  .map(mode => ({ ...mode, minDwellMs: 60_000, causes: (mode.causes ?? []).map(cause => ({ ...cause, enterAfterMs: 7_500, leaveAfterMs: 30_000 })) })), panic: false }
const step = 5_000

const manage = (over: Partial<ModeManagerOptions> = {}) => {
  const clock = createFakeClock(0)
  const manager = createModeManager({ ...rules, clock, ...over })
  const changes: string[] = []
  manager.onChange(({ at, from, mode }) => changes.push(`${at / 1_000} ${from}→${mode}`))
  /** Feeds so many scores, 5 s apart. */
  const feed = async (score: number | null, count = 1) => {
    for (let i = 0; i < count; i++) {
      await clock.advance(step)
      manager.observe(scoreOf(score, clock.now()))
    }
  }
  return { clock, manager, changes, feed }
}

describe('entering and leaving', () => {
  test('steps down one mode at a time on lasting evidence, and up again after a dwell in each', async () => {
    const { manager, changes, feed } = manage()
    await feed(95, 3)
    await feed(10, 6)
    expect(changes).toEqual(['20 full→reduced', '25 reduced→essential', '30 essential→maintenance'])
    expect(manager.current()).toMatchObject({ mode: 'maintenance', off: ['exports', 'backups', 'background', 'chat'], since: 30_000 })
    expect(manager.isOff('chat')).toBe(true)
    changes.length = 0
    await feed(95, 60)
    expect(changes).toEqual(['90 maintenance→essential', '150 essential→reduced', '210 reduced→full'])
    expect(manager.isOff('exports')).toBe(false)
  })

  test('the further beyond, the sooner; one odd sample and noise about the threshold do nothing', async () => {
    const timeTo = async (score: number) => {
      const { changes, feed } = manage()
      await feed(95, 2)
      await feed(score, 40)
      return Number.parseInt(changes[0]!, 10) - 10
    }
    expect(await timeTo(74)).toBe(15)
    expect(await timeTo(65)).toBe(10)
    expect(await timeTo(55)).toBe(5)
    const { changes, feed } = manage()
    for (let i = 0; i < 50; i++) {
      await feed(90, 9)
      await feed(68)
    }
    for (let i = 0; i < 50; i++) {
      await feed(87)
      await feed(74)
    }
    expect(changes).toEqual([])
  })

  test('between the two thresholds a mode is neither entered nor left', async () => {
    const { changes, feed } = manage()
    await feed(70, 4)
    await feed(80, 500)
    expect(changes).toEqual(['15 full→reduced'])
  })

  test('a relapse makes the dwell grow, up to its limit, and quiet makes it short again', async () => {
    const { changes, feed } = manage({ maxDwellMs: 200_000 })
    const incident = async () => {
      changes.length = 0
      await feed(60, 4)
      await feed(99, 60)
      const [from, to] = changes.map(change => Number.parseInt(change, 10))
      return to! - from!
    }
    expect([await incident(), await incident(), await incident(), await incident()]).toEqual([60, 120, 200, 200])
    await feed(99, 130)
    expect(await incident()).toBe(60)
  })
})

describe('causes', () => {
  const memory = { name: 'memory full', measure: { signal: 'a' }, above: 60, leaveAt: 40, enterAfterMs: 7_500, leaveAfterMs: 30_000 } as const
  const modes = [{ name: 'full', off: [] }, { name: 'reduced', off: ['x'], minDwellMs: 60_000, causes: [{ name: 'low score', measure: 'score', below: 75, leaveAt: 85, enterAfterMs: 7_500, leaveAfterMs: 30_000 }, memory] }] as const

  test('several at once are kept and listed, each since when, and the mode lasts as long as one of them does', async () => {
    const { clock, manager, changes } = manage({ modes: [...modes] })
    const feed = async (a: number, b: number, count: number) => {
      for (let i = 0; i < count; i++) {
        await clock.advance(step)
        manager.observe(scoreHealth([{ signal: 'a', value: a, at: clock.now() }, { signal: 'b', value: b, at: clock.now() }], model, { now: clock.now() }))
      }
    }
    await feed(0, 0, 1)
    await feed(0, 60, 4)
    await feed(90, 60, 4)
    expect(manager.current().causes).toEqual([{ name: 'low score', mode: 'reduced', since: 15_000 }, { name: 'memory full', mode: 'reduced', since: 30_000 }])
    await feed(90, 0, 20)
    expect(manager.current()).toMatchObject({ mode: 'reduced', reason: 'Its causes last.' })
    await feed(0, 0, 40)
    expect(manager.current()).toMatchObject({ mode: 'full', causes: [] })
    expect(changes).toHaveLength(2)
  })
})

describe('a person', () => {
  test('wins at once and over everything, and the override expires by itself', async () => {
    const { clock, manager, changes, feed } = manage()
    await feed(95, 2)
    manager.override({ mode: 'maintenance', forMs: 60_000, by: 'ada', reason: 'moving the database' })
    await feed(95, 4)
    expect(manager.current()).toMatchObject({ mode: 'maintenance', override: { by: 'ada', until: 70_000 }, reason: 'ada says so: moving the database' })
    await clock.advance(30_000)
    expect(manager.current().override).not.toBeNull()
    await clock.advance(10_000)
    expect(manager.current().override).toBeNull()
    await feed(95, 60)
    expect(changes).toEqual(['10 full→maintenance', '70 maintenance→essential', '130 essential→reduced', '190 reduced→full'])
  })

  test('can hold a bad hive in a better mode, and takes it back', async () => {
    const { manager, feed } = manage()
    await feed(10, 10)
    manager.override({ mode: 'full', forMs: 3_600_000, by: 'ada', reason: 'a false alarm' })
    await feed(10, 10)
    expect(manager.current()).toMatchObject({ mode: 'full', causes: [{ name: 'low score' }, { name: 'very low score' }, { name: 'next to nothing works' }] })
    manager.clearOverride()
    await feed(10, 3)
    expect(manager.current().mode).toBe('maintenance')
  })

  test('keeps no process alive and fires nothing after closing', async () => {
    const { clock, manager, changes } = manage()
    manager.override({ mode: 'reduced', forMs: 1_000, by: 'ada', reason: 'a test' })
    await manager[Symbol.asyncDispose]()
    await clock.advance(200_000)
    expect(changes).toEqual(['0 full→reduced'])
  })

  test('misuse says what was expected and what came', () => {
    const { manager } = manage()
    expect(() => manager.override({ mode: 'half', forMs: 1, by: 'a', reason: 'b' })).toThrow(/one of full, reduced, essential, maintenance, got "half"/)
    expect(() => manager.override({ mode: 'full', forMs: 0, by: 'a', reason: 'b' })).toThrow(/forMs above 0, got 0/)
  })
})

describe('when the monitor is in doubt', () => {
  test('every signal failing at once changes nothing, until it has lasted while known', async () => {
    const { manager, changes, feed } = manage({ panic: {} })
    await feed(95, 3)
    await feed(0, 23)
    expect(manager.current()).toMatchObject({ mode: 'full', doubtedSince: 20_000, reason: 'Every signal failed at once: the monitor is in doubt.' })
    await feed(0, 10)
    expect(changes.slice(0, 3)).toEqual(['140 full→reduced', '145 reduced→essential', '150 essential→maintenance'])
  })

  test('the same, over and done with before that, was a false alarm', async () => {
    const { manager, changes, feed } = manage({ panic: {} })
    await feed(95, 3)
    await feed(0, 10)
    await feed(95, 20)
    expect(changes).toEqual([])
    expect(manager.current().doubtedSince).toBeNull()
  })

  test('what fails bit by bit is believed', async () => {
    const { changes, feed } = manage({ panic: {} })
    await feed(95, 3)
    await feed(45, 4)
    await feed(0, 4)
    expect(changes.map(change => change.split(' ')[1])).toEqual(['full→reduced', 'reduced→essential', 'essential→maintenance'])
  })

  test('a lost monitor holds the mode for as long as it is lost', async () => {
    const { manager, changes, feed } = manage({ panic: {} })
    await feed(60, 5)
    await feed(null, 1_000)
    expect(manager.current()).toMatchObject({ mode: 'reduced', doubtedSince: 30_000 })
    await feed(99, 40)
    expect(changes).toHaveLength(2)
  })

  test('an empty fleet, and one of which nobody works, are states and no crashes', async () => {
    const bots = defineHealthModel({ name: 'fleet', signals: { bots: { model }, ready: { curve: piecewise([[0, 0], [1, 1]]) } }, weights: { bots: 1, ready: 1 }, gates: [{ signal: 'ready' }] })
    const { clock, manager } = manage({ panic: {} })
    const see = async (ready: number) => {
      await clock.advance(step)
      return manager.observe(scoreHealth([{ signal: 'ready', value: ready, at: clock.now() }], bots, { now: clock.now() }))
    }
    for (let i = 0; i < 10; i++) expect((await see(Number.NaN)).mode).toBe('full')
    for (let i = 0; i < 40; i++) await see(0)
    expect(manager.current().mode).toBe('maintenance')
    expect(scoreHealth([], responsivenessModel(), { now: 0 }).grade).toBe('unknown')
  })
})

describe('the record', () => {
  const inputs = fc.array(fc.oneof(
    { weight: 20, arbitrary: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constant(0), fc.constant(null)) },
    { weight: 1, arbitrary: fc.constantFrom('full', 'essential', 'clear') },
  ), { maxLength: 150 })

  const run = async (list: readonly (number | string | null)[], remember = 1_000) => {
    const { clock, manager, feed } = manage({ panic: {}, remember })
    for (const one of list) {
      if (one === 'clear') manager.clearOverride()
      else if (typeof one === 'string') manager.override({ mode: one, forMs: 42_000, by: 'ada', reason: 'a test' })
      else await feed(one)
    }
    await clock.advance(1)
    return manager
  }

  test('replays to the same decisions, even from JSON and with its beginning forgotten', async () => {
    await fc.assert(fc.asyncProperty(inputs, fc.constantFrom(5, 1_000), async (list, remember) => {
      const record = (await run(list, remember)).record()
      const read = JSON.parse(JSON.stringify(record)) as ModeRecord
      expect(replayModes({ ...rules, panic: {} }, read)).toEqual(record.steps.map(one => one.decision))
      expect(record.steps.length).toBeLessThanOrEqual(remember)
    }), { numRuns: 60 })
  })

  test('shows what other rules would have done', async () => {
    const manager = await run([95, 95, 70, 70, 70, 70, 70, 70])
    expect(manager.current().mode).toBe('reduced')
    const stricter = { ...rules, modes: rules.modes.map(mode => ({ ...mode, causes: (mode.causes ?? []).map(cause => ({ ...cause, below: cause.below! - 10 })) })) }
    expect(replayModes(stricter, manager.record()).at(-1)!.mode).toBe('full')
    expect(() => replayModes({ ...rules, modes: rules.modes.slice(0, 2) }, manager.record())).toThrow(/record of 2 modes and 1 causes, got 4 and 3/)
  })

  test('whatever comes, modes change one step at a time but for a person, and never while in doubt', async () => {
    const names = rules.modes.map(mode => mode.name)
    await fc.assert(fc.asyncProperty(inputs, async list => {
      for (const { input, decision } of (await run(list)).record().steps) {
        if (input.type === 'override' || decision.from === null) continue
        expect(Math.abs(names.indexOf(decision.from) - names.indexOf(decision.mode))).toBe(1)
        expect(decision.reason).not.toMatch(/doubt/)
      }
    }), { numRuns: 60 })
  })

  test('time that runs backwards or stands still changes nothing', () => {
    const { manager } = manage()
    for (const at of [50_000, 40_000, 40_000, 10_000, 50_000]) expect(manager.observe(scoreOf(0, at))).toMatchObject({ mode: 'full', at: 50_000 })
  })

  test('time nobody observed is no evidence beyond the longest gap', () => {
    const { manager } = manage({ maxGapMs: 5_000 })
    manager.observe(scoreOf(95, 0))
    expect(manager.observe(scoreOf(70, 3_600_000)).mode).toBe('full')
  })
})

test.each([
  [{ modes: rules.modes.slice(0, 1) }, /two modes or more, got 1/],
  [{ modes: [rules.modes[0], rules.modes[0]] }, /got "full" twice/],
  [{ modes: [rules.modes[1], rules.modes[0]] }, /best mode, "reduced", to need no cause, got 1/],
  [{ modes: [rules.modes[0], { name: 'x', off: [], causes: [{ name: 'c', measure: 'score', leaveAt: 3 }] }] }, /either below or above in cause "c"/],
  [{ modes: [rules.modes[0], { name: 'x', off: [], causes: [{ name: 'c', measure: 'score', below: 50, leaveAt: 50 }] }] }, /good side of 50, got 50/],
  [{ modes: [rules.modes[0], { name: 'x', off: [], minDwellMs: -1 }] }, /minDwellMs of "x" of 0 or more, got -1/],
  [{ dwellFactor: 0.5 }, /dwellFactor of 1 or more, got 0.5/],
  [{ panic: { share: 2 } }, /share within 0–1, got 2/],
  [{ remember: 0 }, /remember 1 decision or more, got 0/],
] as [Partial<ModeManagerOptions>, RegExp][])('refuses rules of %j', (over, message) => {
  expect(() => createModeManager({ ...rules, ...over })).toThrow(message)
})

describe('application/health+json', () => {
  const now = Date.UTC(2026, 0, 1)

  test('passes when healthy, warns when degraded or unknown, and says 503 only when not ready', () => {
    expect(toHealthJson(scoreOf(95, now), { version: '1', serviceId: 'hive' })).toMatchObject({
      statusCode: 200, contentType: 'application/health+json', body: { status: 'pass', version: '1', serviceId: 'hive' },
    })
    expect(toHealthJson(scoreOf(0, now))).toMatchObject({ statusCode: 200, body: { status: 'warn', output: 'Scored 0 of 100, critical.' } })
    expect(toHealthJson(scoreOf(null, now))).toMatchObject({ statusCode: 200, body: { status: 'warn', output: 'Nothing is known, unknown.' } })
    expect(toHealthJson(scoreOf(95, now), { ready: false })).toMatchObject({ statusCode: 503, body: { status: 'fail', output: 'Not ready. Scored 95 of 100, healthy.' } })
  })

  test('has a check a signal, as the draft shapes it', () => {
    const score = scoreHealth([{ signal: 'latencyMs', value: 4_000, at: now }, { signal: 'readyRatio', value: 0, at: now }], responsivenessModel(), { now })
    const { checks, notes } = toHealthJson(score).body
    expect(checks['latencyMs:value']).toEqual([{ status: 'warn', componentType: 'component', observedValue: 4_000, observedUnit: 'ms', time: '2026-01-01T00:00:00.000Z', output: 'p95 latency is worth 50 of 100.' }])
    expect(checks['readyRatio:value']![0]).toMatchObject({ status: 'fail', observedValue: 0 })
    expect(checks['cpuRatio:value']![0]).toMatchObject({ status: 'warn', output: 'CPU in use is not known.' })
    expect(notes).toContain('cpuRatio is not known: missing')
  })
})
