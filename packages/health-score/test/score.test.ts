import { defineHealthModel, explainModel, explainScore, piecewise, responsivenessModel, scoreHealth, type HealthModelOptions, type Reading } from '@hivekit/health-score'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const now = 1_700_000_000_000
const falling = piecewise([[0, 1], [1, 0]])
const reading = (signal: string, value: number, extra: { at?: number; monitor?: string } = {}): Reading => ({ signal, value, at: now, ...extra })
const lossOf = (score: { contributions: readonly { points: number }[] }) => score.contributions.reduce((sum, one) => sum + one.points, 0)

describe('a score accounts for every point', () => {
  const model = defineHealthModel({
    signals: { latencyMs: { curve: piecewise([[300, 1], [3_000, 0]]), unit: 'ms', label: 'p95 latency' }, cpu: { curve: piecewise([[0.7, 1], [1, 0]]) } },
    weights: { latencyMs: 3, cpu: 1 },
  })

  test('contributions, counterfactual and sentences name what cost it', () => {
    const score = scoreHealth([reading('latencyMs', 1_650), reading('cpu', 0.4)], model, { now })
    expect(score).toMatchObject({ score: 62.5, grade: 'unhealthy', confidence: 1, cappedBy: null })
    expect(score.contributions).toEqual([{ kind: 'signal', signal: 'latencyMs', label: 'p95 latency', points: 37.5 }])
    expect(score.counterfactual).toEqual({ signals: ['latencyMs'], gain: 37.5 })
    expect(explainScore(score)).toEqual([
      'health: 62.5 of 100, unhealthy, 100 % known.',
      '−37.5: p95 latency at 1650 ms.',
      'With p95 latency at 300 ms: +37.5.',
    ])
  })

  test('perfect readings score 100 and lose nothing', () => {
    const score = scoreHealth([reading('latencyMs', 300), reading('cpu', 0)], model, { now })
    expect(score).toMatchObject({ score: 100, grade: 'healthy', contributions: [], counterfactual: null })
  })
})

describe('what is not known is never healthy', () => {
  const model = responsivenessModel()

  test('nothing read: no score, no grade, every signal named', () => {
    const score = scoreHealth([], model, { now })
    expect(score).toMatchObject({ score: null, grade: 'unknown', confidence: 0, contributions: [], counterfactual: null })
    expect(score.notKnown).toHaveLength(7)
    expect(explainScore(score)[0]).toBe('responsiveness: nothing is known.')
  })

  test('stale, future, NaN and unexpected readings are named and lower confidence', () => {
    const score = scoreHealth([
      reading('latencyMs', 100),
      reading('errorRatio', Number.NaN, { monitor: 'gateway' }),
      reading('cpuRatio', 0.1, { at: now - 60_001 }),
      reading('memoryRatio', 0.1, { at: now + 60_001 }),
      reading('latencyms', 1),
    ], model, { now })
    expect(score.score).toBe(100)
    expect(score.grade).toBe('unknown')
    expect(score.confidence).toBeCloseTo(0.32, 6)
    expect(score.notKnown).toEqual(expect.arrayContaining([
      { signal: 'errorRatio', monitor: 'gateway', problem: 'invalid' },
      { signal: 'cpuRatio', monitor: null, problem: 'stale' },
      { signal: 'memoryRatio', monitor: null, problem: 'stale' },
      { signal: 'latencyms', monitor: null, problem: 'unexpected' },
      { signal: 'queueWaitMs', monitor: null, problem: 'missing' },
    ]))
  })

  test('a gate that cannot be checked leaves the grade unknown, however good the rest', () => {
    const gated = defineHealthModel({
      signals: { a: { curve: falling }, up: { curve: piecewise([[0, 0], [1, 1]]) } },
      weights: { a: 1, up: 0 },
      gates: [{ signal: 'up' }],
    })
    expect(scoreHealth([reading('a', 0)], gated, { now })).toMatchObject({ score: 100, confidence: 1, grade: 'unknown' })
    expect(scoreHealth([reading('a', 0), reading('up', 1)], gated, { now }).grade).toBe('healthy')
  })
})

describe('gates', () => {
  test('ten dead bots score 0, though everything else is perfect', () => {
    const fine = ['latencyMs', 'errorRatio', 'queueWaitMs', 'eventLoopDelayMs', 'memoryRatio', 'cpuRatio'].map(signal => reading(signal, 0))
    const score = scoreHealth([...fine, reading('readyRatio', 0)], responsivenessModel(), { now })
    expect(score).toMatchObject({ score: 0, grade: 'critical', cappedBy: 'no bot is ready' })
    expect(lossOf(score)).toBe(100)
    expect(score.counterfactual).toEqual({ signals: ['readyRatio'], gain: 100 })
  })

  test('two gates that hold the score down together are repaired together', () => {
    const model = defineHealthModel({
      signals: { a: { curve: falling }, b: { curve: falling }, c: { curve: falling } },
      weights: { a: 1, b: 1, c: 2 },
      gates: [{ signal: 'a', cap: 20 }, { signal: 'b', cap: 20 }],
    })
    const score = scoreHealth([reading('a', 1), reading('b', 1), reading('c', 0)], model, { now })
    expect(score).toMatchObject({ score: 20, failedGates: ['a', 'b'], cappedBy: 'a' })
    expect(score.counterfactual).toEqual({ signals: ['a', 'b'], gain: 80 })
  })
})

describe('monitors of one signal', () => {
  const scoreBy = (combine: HealthModelOptions<'a'>['signals']['a']['combine'], values: number[], expected?: number) =>
    scoreHealth(values.map((value, i) => reading('a', value, { monitor: `m${i}` })), defineHealthModel({
      signals: { a: { curve: falling, ...(combine ? { combine } : {}), ...(expected ? { expected } : {}) } },
      weights: { a: 1 },
    }), { now })

  test.each([
    ['worst', [0, 0.25, 1], 0],
    ['mean', [0, 0.5, 1], 50],
    [{ quantile: 0.5 }, [0, 0.25, 1], 75],
    [{ quantile: 0.25 }, [0, 0.5, 1], 25],
    [{ quorum: 2 }, [0, 0.25, 1], 75],
  ] as const)('%j of %j scores %d', (combine, values, score) => {
    expect(scoreBy(combine, [...values]).score).toBe(score)
  })

  test('too few for a quorum is not known', () => {
    expect(scoreBy({ quorum: 2 }, [1])).toMatchObject({ score: null, notKnown: [{ signal: 'a', monitor: null, problem: 'no-quorum' }] })
  })

  test('fewer than expected, or a lost one, lower the confidence', () => {
    expect(scoreBy('mean', [0, 0], 4).confidence).toBe(0.5)
    expect(scoreBy('worst', [0, Number.NaN, 0, 0]).confidence).toBe(0.75)
  })
})

test('nested models: bot to fleet to hive', () => {
  const bot = defineHealthModel({ name: 'bot', signals: { latency: { curve: falling }, up: { curve: piecewise([[0, 0], [1, 1]]) } }, weights: { latency: 1, up: 0 }, gates: [{ signal: 'up' }] })
  const fleet = defineHealthModel({ name: 'fleet', signals: { bots: { model: bot, combine: 'mean' } }, weights: { bots: 1 } })
  const hive = defineHealthModel({ name: 'hive', signals: { fleets: { model: fleet }, disk: { curve: falling } }, weights: { fleets: 3, disk: 1 } })
  const botReadings = (name: string, latency: number, up: number): Reading => ({ signal: 'bots', monitor: name, readings: [reading('latency', latency), reading('up', up)] })

  const score = scoreHealth([
    { signal: 'fleets', monitor: 'east', readings: [botReadings('a', 0, 1), botReadings('b', 0, 0)] },
    { signal: 'fleets', monitor: 'west', readings: [botReadings('c', 0, 1), { signal: 'bots', monitor: 'd', readings: [] }] },
    reading('disk', 0),
  ], hive, { now })
  expect(score.score).toBe(100 - 0.75 * 50)
  expect(score.signals[0]!.members.map(member => [member.monitor, member.score.score, member.score.confidence])).toEqual([['east', 50, 1], ['west', 100, 0.5]])
  expect(score.signals[0]!.members[0]!.score.signals[0]!.members[1]!.score.cappedBy).toBe('up')
  expect(score.confidence).toBe(0.75 * 0.75 + 0.25)
  expect(scoreHealth([{ signal: 'fleets', monitor: 'east', readings: [] }, reading('disk', 0)], hive, { now })).toMatchObject({ score: 100, grade: 'unknown', confidence: 0.25 })
})

describe('the default model', () => {
  test('latency outweighs CPU more than three to one, and explains itself', () => {
    const share = (signal: string) => responsivenessModel().signals.find(one => one.signal === signal)!.share
    expect(share('latencyMs') / share('cpuRatio')).toBeGreaterThan(3)
    expect(explainModel(responsivenessModel())).toContain('p95 latency counts 32.0 %: lower is better, full marks up to 1000 ms.')
  })
})

describe('misuse says what was expected and what came', () => {
  const define = (over: object) => () => defineHealthModel({ signals: { a: { curve: falling } }, weights: { a: 1 }, ...over })
  test.each([
    [{ signals: {} , weights: {} }, /at least one signal/],
    [{ weights: {} }, /Expected a weight of "a", got undefined/],
    [{ weights: { a: -1 } }, /0 or more, got -1/],
    [{ weights: { a: Number.NaN } }, /got NaN/],
    [{ weights: { a: 0 } }, /at least one weight above 0/],
    [{ weights: { a: 1, b: 1 } }, /has only a/],
    [{ gates: [{ signal: 'b' }] }, /has only a/],
    [{ gates: [{ signal: 'a', cap: 100 }] }, /cap within 0–100, got 100/],
    [{ gates: [{ signal: 'a', atOrBelow: 1 }] }, /got 1/],
    [{ signals: { a: { curve: falling, combine: { quorum: 0 } } } }, /quorum of 1 or more/],
    [{ signals: { a: { curve: falling, combine: { quantile: 2 } } } }, /quantile within 0–1/],
    [{ grades: { healthy: 10, degraded: 50, unhealthy: 1 } }, /Expected grades to fall/],
    [{ minConfidence: 2 }, /got 2/],
  ])('%j', (over, message) => {
    expect(define(over)).toThrow(message)
  })

  test.each([
    [[[0, 1]], /two points/],
    [[[0, 1], [0, 0]], /ascending/],
    [[[0, 1], [1, 0], [2, 0.5]], /one direction/],
    [[[0, 0.9], [1, 0]], /utility 1/],
    [[[0, 1], [1, 1]], /changes/],
    [[[0, 1], [1, -1]], /within 0–1/],
    [[[0, 1], [Number.NaN, 0]], /finite/],
  ] as [[number, number][], RegExp][])('a piecewise curve of %j', (points, message) => {
    expect(() => piecewise(points)).toThrow(message)
  })
})

describe('invariants', () => {
  const keys = ['a', 'b', 'c', 'd', 'e'] as const
  const combine = fc.oneof(fc.constant('worst' as const), fc.constant('mean' as const), fc.record({ quantile: fc.double({ min: 0, max: 1, noNaN: true }) }), fc.record({ quorum: fc.constantFrom(1, 2) }))
  const options = fc.record({
    signals: fc.record(Object.fromEntries(keys.map(key => [key, fc.record({ curve: fc.constantFrom(falling, piecewise([[0.2, 1], [0.5, 0.5], [0.9, 0]])), combine })]))) as fc.Arbitrary<HealthModelOptions<'a'>['signals']>,
    weights: fc.record(Object.fromEntries(keys.map(key => [key, fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1e6, noNaN: true }))]))).filter(weights => Object.values(weights).some(weight => weight > 1e-3)) as fc.Arbitrary<Record<'a', number>>,
    gates: fc.array(fc.record({ signal: fc.constantFrom(...keys), cap: fc.double({ min: 0, max: 99, noNaN: true }), atOrBelow: fc.constantFrom(0, 0.2) }), { maxLength: 3 }) as unknown as fc.Arbitrary<{ signal: 'a'; cap: number }[]>,
  })
  const value = fc.oneof({ weight: 8, arbitrary: fc.double({ min: -0.2, max: 1.2, noNaN: true }) }, { weight: 1, arbitrary: fc.constant(Number.NaN) })
  const readings = fc.array(fc.record({ signal: fc.constantFrom(...keys), value, at: fc.constantFrom(now, now, now, now - 90_000) }), { maxLength: 15 })

  test('bounded, and contributions sum to exactly 100 − score', () => {
    fc.assert(fc.property(options, readings, (given, read) => {
      const score = scoreHealth(read, defineHealthModel(given), { now })
      if (score.score === null) return score.grade === 'unknown'
      return score.score >= 0 && score.score <= 100 && lossOf(score) === 100 - score.score && score.contributions.every(one => one.points > 0)
    }), { numRuns: 500 })
  })

  test('monotone: a worse value never raises the score', () => {
    fc.assert(fc.property(options, readings, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (given, read, which, worse) => {
      fc.pre(read.length > 0)
      const model = defineHealthModel(given)
      const changed = read.map((one, i) => (i === which % read.length ? { ...one, value: one.value + worse } : one))
      const before = scoreHealth(read, model, { now }).score
      const after = scoreHealth(changed, model, { now }).score
      return before === null || (after !== null && after <= before)
    }), { numRuns: 1_000 })
  })

  test('the order of readings and of signals does not change the score by a bit', () => {
    fc.assert(fc.property(options, readings, fc.infiniteStream(fc.nat()), (given, read, random) => {
      const shuffled = <T>(list: readonly T[]) => list.map(one => ({ one, key: random.next().value })).toSorted((a, b) => a.key - b.key).map(({ one }) => one)
      const signals = Object.fromEntries(shuffled(Object.entries(given.signals))) as typeof given.signals
      const one = scoreHealth(read, defineHealthModel(given), { now })
      const other = scoreHealth(shuffled(read), defineHealthModel({ ...given, signals }), { now })
      expect(other.score).toBe(one.score)
      expect(other.confidence).toBeCloseTo(one.confidence, 12)
    }), { numRuns: 500 })
  })

  test('the scale of the weights does not change the score', () => {
    fc.assert(fc.property(options, readings, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (given, read, scale) => {
      const weights = Object.fromEntries(Object.entries(given.weights).map(([key, weight]) => [key, weight * scale])) as typeof given.weights
      const one = scoreHealth(read, defineHealthModel(given), { now }).score
      const other = scoreHealth(read, defineHealthModel({ ...given, weights }), { now }).score
      if (one === null || other === null) expect(other).toBe(one)
      else expect(Math.abs(other - one)).toBeLessThan(1e-4)
    }), { numRuns: 500 })
  })

  test('a failed gate always caps', () => {
    fc.assert(fc.property(options, readings, fc.double({ min: 0, max: 99, noNaN: true }), (given, read, cap) => {
      const model = defineHealthModel({ ...given, gates: [...given.gates, { signal: 'a', cap, name: 'critical' }] })
      const score = scoreHealth([...read.filter(one => one.signal !== 'a'), reading('a', 2), reading('a', 2)], model, { now })
      return score.failedGates.includes('critical') && score.score !== null && score.score <= cap
    }), { numRuns: 500 })
  })

  test('each gain is what the score rises by when that signal is at its target', () => {
    fc.assert(fc.property(options, readings, (given, read) => {
      const model = defineHealthModel(given)
      const score = scoreHealth(read, model, { now })
      for (const { signal, gain, target, utility } of score.signals) {
        if (utility === null) continue
        const repaired = scoreHealth(read.map(one => (one.signal === signal && !Number.isNaN(one.value) ? { ...one, value: target! } : one)), model, { now })
        // Of a gate alone that failed, with nothing weighed known, repair leaves no score to compare.
        expect(repaired.score === null ? 0 : repaired.score - score.score!).toBeCloseTo(gain, 4)
      }
    }), { numRuns: 300 })
  })
})
