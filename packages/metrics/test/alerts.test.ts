import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import {
  alertFile, createAlerts, createMemoryHistory, defineAlert, toAlertmanagerInhibitions, toPrometheusRules, toPromtoolTests,
  type AlertDefinition, type AlertNotification, type ScenarioSeries,
} from '@hivekit/metrics'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { needs } from './installed.ts'
import { must, mustFail } from './must.ts'
import { temporaryFolder } from './temporary-folder.ts'

const soak = Number(process.env['HIVEKIT_SOAK'] ?? 1)
const minute = 60_000

const hot: AlertDefinition = {
  name: 'Hot', severity: 'warning', summary: '{{ $labels.room }} has {{ $value }}',
  condition: { kind: 'threshold', query: { match: 'celsius' }, op: '>', value: 30 },
}
const celsius = (values: Readonly<Record<string, number>>) =>
  [{ name: 'celsius', help: 'Heat.', type: 'gauge' as const, samples: Object.entries(values).map(([room, value]) => ({ labels: { room }, value })) }]

/** Feeds values at each minute and says what was told and what is active. */
const drive = async (definitions: readonly AlertDefinition[], options: { readonly fail?: () => boolean } = {}) => {
  const history = createMemoryHistory()
  const told: string[] = []
  let at = 0
  const onNotify = ({ state, alert }: AlertNotification) => {
    if (options.fail?.()) throw new Error('unreachable')
    told.push(`${at / minute} ${state} ${alert.labels['alertname']} ${alert.summary}`)
  }
  const alerts = await createAlerts({ alerts: definitions, history, onNotify, clock: () => at })
  return {
    alerts, told,
    step: async (values: Readonly<Record<string, number>>) => {
      at += minute
      await history.append(celsius(values), { at })
      must(await alerts.evaluate())
      return alerts.active().map(alert => `${alert.alert} ${alert.labels['room']} ${alert.state}`).toSorted()
    },
  }
}

describe('states', () => {
  it('wait, fire, and end, each told once', async () => {
    const { step, told } = await drive([defineAlert({ ...hot, forMs: 2 * minute })])
    expect(await step({ a: 31, b: 10 })).toEqual(['Hot a pending'])
    expect(await step({ a: 31, b: 31 })).toEqual(['Hot a pending', 'Hot b pending'])
    expect(await step({ a: 32, b: 10 })).toEqual(['Hot a firing'])
    expect(await step({ a: 33, b: 10 })).toEqual(['Hot a firing'])
    expect(await step({ a: 30, b: 10 })).toEqual(['Hot a resolved'])
    expect(told).toEqual(['3 firing Hot a has 32', '5 resolved Hot a has 33'])
  })

  it('go on firing below the border with hysteresis, and for a while after', async () => {
    const { step } = await drive([
      { ...hot, name: 'Latched', condition: { kind: 'threshold', query: { match: 'celsius' }, op: '>', value: 30, clearValue: 25 } },
      { ...hot, name: 'Kept', keepFiringForMs: 2 * minute },
    ])
    expect(await step({ a: 28 })).toEqual([])
    expect(await step({ a: 31 })).toEqual(['Kept a firing', 'Latched a firing'])
    expect(await step({ a: 28 })).toEqual(['Kept a firing', 'Latched a firing'])
    expect(await step({ a: 28 })).toEqual(['Kept a firing', 'Latched a firing'])
    expect(await step({ a: 28 })).toEqual(['Kept a resolved', 'Latched a firing'])
    expect(await step({ a: 25 })).toEqual(['Kept a resolved', 'Latched a resolved'])
    expect(await step({ a: 28 })).toEqual(['Kept a resolved', 'Latched a resolved'])
  })

  it('survive a restart, with what was not told yet', async () => {
    using folder = temporaryFolder()
    const history = createMemoryHistory()
    const memory = alertFile(folder.file('alerts.json'))
    const told: string[] = []
    const start = (broken = false) => createAlerts({
      alerts: [{ ...hot, forMs: 2 * minute }], history, memory, clock: () => 0,
      onNotify: ({ id, state }) => {
        if (broken) throw new Error('the receiver is away')
        told.push(`${state} ${id}`)
      },
    })
    for (let i = 1; i <= 4; i++) {
      const alerts = await start(i < 4)
      await history.append(celsius({ a: 31 }), { at: i * minute })
      const [alert] = must(await alerts.evaluate({ at: i * minute }))
      expect(alert).toMatchObject({ state: i < 3 ? 'pending' : 'firing', activeAt: minute })
    }
    expect(told).toEqual([expect.stringMatching(/^firing firing:180000:/)])
    const alerts = await start()
    await history.append(celsius({ a: 1 }), { at: 5 * minute })
    must(await alerts.evaluate({ at: 5 * minute }))
    must(await alerts.evaluate({ at: 6 * minute }))
    expect(told).toEqual([expect.stringContaining('firing'), expect.stringMatching(/^resolved resolved:180000:/)])
    expect(JSON.parse(readFileSync(folder.file('alerts.json'), 'utf8'))).toMatchObject({ version: 1, waiting: [] })
  })

  it('are quiet while silenced or inhibited, and told when that ends', async () => {
    const { step, told, alerts } = await drive([
      hot,
      { ...hot, name: 'Warm', condition: { kind: 'threshold', query: { match: 'celsius' }, op: '>', value: 20 }, inhibitedBy: [{ alert: 'Hot', equal: ['room'] }] },
    ])
    const { id } = await alerts.silence({ match: '{alertname="Warm",room="b"}', until: 100 * minute, comment: 'b is a sauna' })
    await step({ a: 31, b: 25, c: 25 })
    expect(told).toEqual(['1 firing Hot a has 31', '1 firing Warm c has 25'])
    expect(alerts.active().map(alert => alerts.muted(alert))).toEqual([undefined, 'inhibited', 'silenced', undefined])
    await step({ a: 21, b: 25, c: 25 })
    expect(told.slice(2).toSorted()).toEqual(['2 firing Warm a has 21', '2 resolved Hot a has 31'])
    expect(await alerts.unsilence(id)).toBe(true)
    expect(await alerts.unsilence(id)).toBe(false)
    await step({ a: 21, b: 25, c: 25 })
    expect(told.slice(4)).toEqual(['3 firing Warm b has 25'])
  })

  it('keep what they were when the history cannot be read', async () => {
    const history = createMemoryHistory()
    let broken = false
    const { fail } = await import('@hivekit/errors')
    const alerts = await createAlerts({
      alerts: [hot], clock: () => 0,
      history: { query: async (...given) => (broken ? fail('unavailable', 'The history is away.') : history.query(...given)) },
    })
    await history.append(celsius({ a: 31 }), { at: minute })
    must(await alerts.evaluate({ at: minute }))
    broken = true
    expect(mustFail(await alerts.evaluate({ at: 2 * minute }))).toMatchObject({ code: 'dependency_failed' })
    expect(alerts.active()).toMatchObject([{ state: 'firing' }])
    await expect(alerts.evaluate({ at: minute })).rejects.toThrow(RangeError)
  })
})

describe('definitions', () => {
  it('are checked, saying what was expected', () => {
    expect(() => defineAlert({ ...hot, name: 'a b' })).toThrow('Expected an alert\'s name')
    expect(() => defineAlert({ ...hot, summary: '{{ range .x }}' })).toThrow('Expected {{ $value }}')
    expect(() => defineAlert({ ...hot, labels: { severity: 'x' } })).toThrow('reserved')
    expect(() => defineAlert({ ...hot, condition: { kind: 'threshold', query: { match: 'celsius' }, op: '>', value: 1, clearValue: 2 } })).toThrow('quiet side')
    expect(() => defineAlert({ ...hot, condition: { kind: 'absence', match: 'celsius{', windowMs: 1 } })).toThrow('Expected a label')
    expect(() => defineAlert({ ...hot, condition: { kind: 'burn-rate', errors: 'e', total: 't', objective: 1 } })).toThrow('between 0 and 1')
  })

  it('fill their texts in as Prometheus does', async () => {
    const { step, told } = await drive([{ ...hot, summary: '{{ $value | humanize }} {{$value|humanizeDuration}} {{ $value | humanizePercentage }} {{ $value | humanize1024 }} {{ $labels.none }}|' }])
    await step({ a: 123_456.789 })
    expect(told).toEqual(['1 firing Hot 123.5k 1d 10h 17m 36s 1.235e+07% 120.6ki |'])
  })
})

const seeded: readonly AlertDefinition[] = [
  { ...hot, name: 'Over', condition: { kind: 'threshold', query: { match: 'level' }, op: '>', value: 50 }, forMs: 14_000 },
  { ...hot, name: 'Latched', labels: { team: 'x' }, condition: { kind: 'threshold', query: { match: 'level' }, op: '>=', value: 70, clearValue: 30 } },
  { ...hot, name: 'Kept', condition: { kind: 'threshold', query: { match: 'level', aggregate: 'max', by: ['bot'] }, op: '<', value: 20 }, keepFiringForMs: 28_000, forMs: 7_000 },
  { ...hot, name: 'Busy', condition: { kind: 'rate', match: 'calls_total', windowMs: 60_000, aggregate: 'sum', by: ['bot'], op: '>', value: 2 } },
  { ...hot, name: 'Gone', condition: { kind: 'absence', match: 'level{bot="a",kind=~"x|y"}', windowMs: 30_000 } },
  { ...hot, name: 'Burning', condition: { kind: 'burn-rate', errors: 'calls_total{code="500"}', total: 'calls_total', objective: 0.9, by: ['bot'], windows: [{ longMs: 120_000, shortMs: 30_000, factor: 2 }, { longMs: 200_000, shortMs: 60_000, factor: 1 }] } },
  { ...hot, name: 'Filling', condition: { kind: 'forecast', match: 'level', windowMs: 60_000, aheadMs: 60_000, op: '>', value: 120 } },
  { ...hot, name: 'Slow', condition: { kind: 'threshold', query: { match: 'took_bucket', fn: 'rate', windowMs: 60_000, aggregate: 'sum', by: ['bot'], quantile: 0.9 }, op: '>', value: 1.5 } },
  { ...hot, name: 'Average', condition: { kind: 'threshold', query: { match: 'level', fn: 'avg', windowMs: 45_000 }, op: '!=', value: 50 } },
]

describe.runIf(needs('promtool'))('Prometheus', () => {
  it('has the same states at every step on seeded series', { timeout: 60_000 * soak }, async () => {
    const steps = 60
    const walk = fc.array(fc.option(fc.integer({ min: -25, max: 25 }), { nil: null, freq: 8 }), { minLength: steps, maxLength: steps })
      .map(changes => {
        let level = 50
        return changes.map(change => (change === null ? null : (level = Math.max(0, Math.min(100, level + change)))))
      })
    // Each restart begins again at nought, as programs do.
    const rising = (most: number) => fc.array(fc.option(fc.integer({ min: -1, max: most }), { nil: null, freq: 8 }), { minLength: steps, maxLength: steps })
      .map(changes => {
        let count = 0
        return changes.map(change => (change === null ? null : (count = change < 0 ? 0 : count + change)))
      })
    const scenario = fc.tuple(walk, walk, rising(40), rising(10), rising(30), rising(5)).map(([one, two, ok, bad, okB, badB]): ScenarioSeries[] => [
      { name: 'level', labels: { bot: 'a', kind: 'x' }, values: one.map((value, i) => (i < steps - 10 ? value : null)) },
      { name: 'level', labels: { bot: 'b', kind: 'z' }, values: two },
      { name: 'calls_total', labels: { bot: 'a', code: '200' }, values: ok },
      { name: 'calls_total', labels: { bot: 'a', code: '500' }, values: bad },
      { name: 'calls_total', labels: { bot: 'b', code: '200' }, values: okB },
      { name: 'calls_total', labels: { bot: 'b', code: '500' }, values: badB },
      ...[['0.5', 1], ['1', 2], ['2', 4], ['+Inf', 5]].map(([le, times]) => ({ name: 'took_bucket', labels: { bot: 'a', le: String(le) }, values: ok.map(value => (value === null ? null : value * Number(times))) })),
    ])
    const fired = new Set<string>()
    await fc.assert(fc.asyncProperty(scenario, async series => {
      using folder = temporaryFolder()
      writeFileSync(folder.file('rules.yaml'), toPrometheusRules(seeded))
      const tests = await toPromtoolTests(seeded, { intervalMs: 7_000, series, prometheus: promtoolMajor() }, 'rules.yaml')
      writeFileSync(folder.file('tests.yaml'), tests)
      const { stdout, stderr, status } = spawnSync('promtool', ['test', 'rules', folder.file('tests.yaml')], { encoding: 'utf8' })
      expect(status === 0 ? '' : stdout + stderr).toBe('')
      for (const [, name] of tests.matchAll(/alertname=\\"(\w+)\\",severity=\\"warning\\",alertstate=\\"firing/g)) fired.add(name!)
    }), { numRuns: 6 * soak, endOnFailure: true })
    expect([...fired].toSorted()).toEqual(seeded.map(alert => alert.name).toSorted())
  })

  it('takes the rule file, and the inhibitions say what the definitions say', () => {
    using folder = temporaryFolder()
    const file = folder.file('rules.yaml')
    writeFileSync(file, toPrometheusRules([{ ...hot, description: 'Say "no":\n- never', runbookUrl: 'https://example.com/#hot', forMs: 90_000 }], { group: 'rooms', intervalMs: 15_000 }))
    expect(spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toMatchObject({ status: 0 })
    expect(readFileSync(file, 'utf8')).toContain('for: "1m30s"')
    expect(toAlertmanagerInhibitions([{ ...hot, inhibitedBy: [{ alert: 'Down', equal: ['room'] }] }])).toContain('source_matchers:\n      - "alertname=\\"Down\\""')
  })
})

const promtoolMajor = (): 2 | 3 => (spawnSync('promtool', ['--version'], { encoding: 'utf8' }).stdout.includes('version 2.') ? 2 : 3)
