import { createAlerts, defineHealthModel, piecewise, scoreHealth, type AlertEvent, type AlertRule, type AlertsOptions } from '@hivekit/health-score'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const model = defineHealthModel({ signals: { latencyMs: { label: 'p95 latency', unit: 'ms', curve: piecewise([[0, 1], [100, 0]]) } }, weights: { latencyMs: 1 } })
const health: AlertRule = { id: 'health', measure: 'score', thresholds: [
  { severity: 'warning', below: 75, clearAt: 80, forMs: 10_000 },
  { severity: 'critical', below: 40, clearAt: 50, forMs: 5_000, clearForMs: 15_000 },
] }

/** Feeds one score each 5 s; null is a reading that could not be had. */
const feed = (scores: readonly (number | null)[], over: Partial<AlertsOptions> = {}) => {
  const alerts = createAlerts({ rules: [health], flapping: false, ...over })
  const heard: AlertEvent[] = []
  alerts.onEvent(event => heard.push(event))
  const told = scores.flatMap((score, i) => {
    const at = i * 5_000
    return alerts.observe(scoreHealth(score === null ? [] : [{ signal: 'latencyMs', value: 100 - score, at }], model, { now: at }))
  })
  expect(heard).toEqual(told)
  return { alerts, told, short: told.map(({ change, severity, at }) => `${at / 1_000} ${change} ${severity}`) }
}

describe('one event a change', () => {
  test('raised, escalated, eased, resolved, each after its minimum duration', () => {
    const { short } = feed([90, 70, 70, 70, 70, 30, 30, 30, 60, 60, 60, 60, 60, 85, 85, 85, 85])
    expect(short).toEqual(['15 raised warning', '30 escalated critical', '55 eased warning', '75 resolved null'])
  })

  test('a sudden fall is one event, of the worst severity due', () => {
    expect(feed([90, 10, 10, 10, 10]).short).toEqual(['10 raised critical'])
  })

  test('a break restarts the minimum duration, and noise between the thresholds toggles nothing', () => {
    expect(feed([70, 70, 76, 70, 70, 76, 70, 70]).short).toEqual([])
    expect(feed([70, 70, 70, 76, 79, 74, 79, 76, 74, 79]).short).toEqual(['10 raised warning'])
  })

  test('carries the value, the score and the contributions of that moment', () => {
    const { told, alerts } = feed([70, 70, 65], { rules: [{ id: 'slow', measure: { signal: 'latencyMs' }, thresholds: [{ severity: 'info', above: 32, clearAt: 20 }] }] })
    expect(told).toMatchObject([{ id: 1, rule: 'slow', previous: null, value: 35, score: 65, confidence: 1, since: 10_000, message: 'p95 latency is 35 ms: info.', contributions: [{ signal: 'latencyMs', points: 35 }] }])
    expect(alerts.active()).toEqual([{ rule: 'slow', severity: 'info', since: 10_000, flapping: false }])
  })

  test('the same score seen again is no second event', () => {
    const alerts = createAlerts({ rules: [{ ...health, thresholds: [{ severity: 'warning', below: 75, clearAt: 80 }] }] })
    const score = scoreHealth([{ signal: 'latencyMs', value: 50, at: 1 }], model, { now: 1 })
    expect([alerts.observe(score).length, alerts.observe(score).length, alerts.observe({ ...score, at: 0 }).length]).toEqual([1, 0, 0])
  })
})

describe('no data', () => {
  test('neither raises nor resolves', () => {
    expect(feed([70, 70, 70, null, null, null, null, null]).short).toEqual(['10 raised warning'])
    expect(feed([70, null, 70, null, 70, null, 70]).short).toEqual([])
  })

  test('is an alert of its own where a rule says so', () => {
    const rules = [{ ...health, whenUnknown: { severity: 'critical', forMs: 15_000 } as const }]
    expect(feed([90, null, null, null, null, null, 90, 90], { rules }).short).toEqual(['20 raised critical', '30 resolved null'])
  })

  test('a long gap between scores does not count as a lasting condition', () => {
    const alerts = createAlerts({ rules: [health] })
    const at = (now: number) => alerts.observe(scoreHealth([{ signal: 'latencyMs', value: 30, at: now }], model, { now })).length
    expect([at(0), at(3_600_000), at(3_605_000), at(3_610_000)]).toEqual([0, 0, 0, 1])
  })
})

describe('flapping', () => {
  const rules: AlertRule[] = [{ id: 'f', measure: 'score', thresholds: [{ severity: 'warning', below: 75, clearAt: 80 }, { severity: 'critical', below: 20, clearAt: 30 }] }]
  const flaps = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 90 : 60))

  test('begins once, silences the to and fro, and ends once with the state as it is', () => {
    const { short } = feed([...flaps, ...Array.from({ length: 25 }, () => 90)], { rules, flapping: {} })
    expect(short).toEqual(['5 raised warning', '10 resolved null', '15 raised warning', '20 flapping warning', '295 steady warning', '295 resolved null'])
  })

  test('something worse is told all the same', () => {
    expect(feed([...flaps, 10, 60, 10], { rules, flapping: {} }).short).toContain('200 escalated critical')
  })
})

test('an alert is never told well while the score has been below its threshold throughout, and changes alternate', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 80 }), scores => {
    const { told } = feed(scores)
    for (const [i, event] of told.entries()) {
      expect(event.previous).toBe(i === 0 ? null : told[i - 1]!.severity)
      expect(event.severity).not.toBe(event.previous)
      const recent = scores.slice(event.at / 5_000 - 2, event.at / 5_000 + 1)
      if (event.change === 'resolved') expect(Math.min(...recent)).toBeGreaterThanOrEqual(80)
      if (event.change === 'eased') expect(Math.min(...recent)).toBeGreaterThanOrEqual(50)
      if (event.change === 'raised' && event.severity === 'warning') expect(Math.max(...recent)).toBeLessThan(75)
    }
  }), { numRuns: 300 })
})

test.each([
  [{ thresholds: [] }, /at least one threshold/],
  [{ thresholds: [{ severity: 'info', clearAt: 1 }] }, /either below or above/],
  [{ thresholds: [{ severity: 'info', below: 50, clearAt: 40 }] }, /good side/],
  [{ thresholds: [{ severity: 'info', above: 50, clearAt: 60 }] }, /good side/],
  [{ thresholds: [{ severity: 'info', below: 50, clearAt: 60, forMs: -1 }] }, /0 or more/],
  [{ thresholds: [{ severity: 'critical', below: 50, clearAt: 60 }, { severity: 'info', below: 40, clearAt: 60 }] }, /further out/],
  [{ thresholds: [{ severity: 'info', below: 50, clearAt: 60 }, { severity: 'info', below: 40, clearAt: 60 }] }, /one threshold a severity/],
] as [Partial<AlertRule>, RegExp][])('refuses a rule of %j', (over, message) => {
  expect(() => createAlerts({ rules: [{ ...health, ...over }] })).toThrow(message)
  expect(() => createAlerts({ rules: [health, health] })).toThrow(/got "health" twice/)
})
