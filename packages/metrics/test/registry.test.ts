import { createRegistry, exponentialBuckets, type MetricFamily } from '@hivekit/metrics'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const samplesOf = (families: readonly MetricFamily[], name: string) => families.find(family => family.name === name)?.samples ?? []
const bots = { name: 'bot_messages_total', help: 'Messages.', unit: '1', labels: ['bot', 'kind'] } as const

describe('counter', () => {
  it('adds up per series, by labels and by bound handle alike', () => {
    const registry = createRegistry()
    const messages = registry.counter(bots)
    messages.inc({ bot: 'a', kind: 'in' })
    messages.inc({ kind: 'in', bot: 'a' }, 2)
    const handle = messages.bind({ bot: 'b', kind: 'out' })
    handle.inc()
    handle.inc(0.5)
    expect(samplesOf(registry.collect(), 'bot_messages_total')).toEqual([
      { labels: { bot: 'a', kind: 'in' }, value: 3 },
      { labels: { bot: 'b', kind: 'out' }, value: 1.5 },
    ])
    expect(handle.value()).toBe(1.5)
  })

  it('refuses what a counter cannot take, saying what was expected and what came', () => {
    const messages = createRegistry().counter(bots)
    expect(() => messages.inc({ bot: 'a', kind: 'in' }, -1)).toThrow(new RangeError('The counter "bot_messages_total" takes a number from 0; got -1.'))
    expect(() => messages.inc({ bot: 'a', kind: 'in' }, Number.NaN)).toThrow(RangeError)
    // @ts-expect-error a label is missing
    expect(() => messages.inc({ bot: 'a' })).toThrow('needs a string for its label "kind"; got undefined')
    // @ts-expect-error no such label
    expect(() => messages.inc({ bot: 'x', kind: 'in', room: '1' })).toThrow('has no label "room"')
    // @ts-expect-error labels are missing
    expect(() => messages.inc()).toThrow('needs its labels: bot, kind')
  })

  it('keeps apart every set of label values, and adds exactly', () => {
    const value = fc.string({ maxLength: 3 })
    fc.assert(fc.property(fc.array(fc.tuple(value, value, fc.nat(1000)), { maxLength: 60 }), recordings => {
      const registry = createRegistry()
      const messages = registry.counter(bots)
      const model = new Map<string, number>()
      for (const [bot, kind, n] of recordings) {
        messages.inc({ bot, kind }, n)
        const key = JSON.stringify([bot, kind])
        model.set(key, (model.get(key) ?? 0) + n)
      }
      const got = samplesOf(registry.collect(), bots.name).map(s => [JSON.stringify([s.labels['bot'], s.labels['kind']]), s.value])
      expect(new Map(got as [string, number][])).toEqual(model)
      expect(got).toHaveLength(model.size)
    }))
  })
})

describe('cardinality', () => {
  it('sends what is past the limit to one overflow series and counts it', () => {
    const registry = createRegistry({ maxSeriesPerMetric: 3 })
    const messages = registry.counter(bots)
    for (let i = 0; i < 10; i++) messages.inc({ bot: `b${i}`, kind: 'in' })
    const families = registry.collect()
    expect(samplesOf(families, bots.name)).toHaveLength(4)
    expect(samplesOf(families, bots.name).at(-1)).toEqual({ labels: { otel_metric_overflow: 'true' }, value: 7 })
    expect(samplesOf(families, 'metrics_series_overflow_total')).toEqual([{ labels: { metric: bots.name }, value: 7 }])
  })

  it('makes room when a series is removed, and a handle to it records into nothing', () => {
    const registry = createRegistry({ maxSeriesPerMetric: 1 })
    const messages = registry.counter(bots)
    const gone = messages.bind({ bot: 'a', kind: 'in' })
    gone.inc()
    expect(messages.remove({ bot: 'a', kind: 'in' })).toBe(true)
    expect(messages.remove({ bot: 'a', kind: 'in' })).toBe(false)
    gone.inc()
    messages.inc({ bot: 'b', kind: 'in' })
    expect(samplesOf(registry.collect(), bots.name)).toEqual([{ labels: { bot: 'b', kind: 'in' }, value: 1 }])
    messages.clear()
    expect(samplesOf(registry.collect(), bots.name)).toEqual([])
  })
})

describe('gauge', () => {
  it('goes up and down, and asks its callback before each collection', () => {
    const registry = createRegistry()
    const plain = registry.gauge({ name: 'queue_length', help: 'Waiting tasks.', unit: '1' })
    plain.set(5)
    plain.inc()
    plain.dec(3)
    let asked = 0
    registry.gauge({ name: 'asked', help: 'Times asked.', unit: '1', labels: ['by'], onCollect: gauge => gauge.set({ by: 'scrape' }, ++asked) })
    registry.collect()
    expect(samplesOf(registry.collect(), 'asked')).toEqual([{ labels: { by: 'scrape' }, value: 2 }])
    expect(samplesOf(registry.collect(), 'queue_length')).toEqual([{ labels: {}, value: 3 }])
  })
})

describe('histogram', () => {
  it('counts each value in the first bucket whose border is not below it', () => {
    const number = fc.oneof(fc.double({ noNaN: true, min: -2, max: 20 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1, 2.5))
    const rising = fc.uniqueArray(number, { minLength: 1, maxLength: 12 }).map(borders => Float64Array.from(borders).toSorted())
    fc.assert(fc.property(rising.filter(b => b.every((x, i) => i === 0 || x > b[i - 1]!)), fc.array(number), (given, some) => {
      const registry = createRegistry()
      const borders = [...given]
      const values = [...some, ...borders]
      const histogram = registry.histogram({ name: 'x_seconds', help: 'X.', unit: 'seconds', buckets: borders })
      for (const value of values) histogram.observe(value)
      const samples = samplesOf(registry.collect(), 'x_seconds')
      for (const [i, border] of [...borders, Infinity].entries()) {
        expect(samples[i]).toEqual({
          labels: { le: border === Infinity ? '+Inf' : String(border) }, suffix: '_bucket', value: values.filter(v => v <= border).length,
        })
      }
      expect(samples.at(-2)!.value).toBe(values.reduce((sum, v) => sum + v, 0) + 0)
      expect(samples.at(-1)).toEqual({ labels: {}, suffix: '_count', value: values.length })
    }))
  })

  it('refuses NaN, borders that do not rise and the label it needs itself', () => {
    const registry = createRegistry()
    const histogram = registry.histogram({ name: 'x_seconds', help: 'X.', unit: 'seconds', labels: ['route'] })
    expect(() => histogram.observe({ route: '/' }, Number.NaN)).toThrow(RangeError)
    expect(() => registry.histogram({ name: 'y', help: 'Y.', unit: '1', buckets: [2, 1] })).toThrow('must be finite and rise')
    expect(() => registry.histogram({ name: 'y', help: 'Y.', unit: '1', labels: ['le'] })).toThrow('"le" is reserved')
    expect(exponentialBuckets(0.1, 2, 4)).toEqual([0.1, 0.2, 0.4, 0.8])
  })

  it('times with a stopwatch', () => {
    const registry = createRegistry()
    const seconds = registry.histogram({ name: 'x_seconds', help: 'X.', unit: 'seconds' }).bind().startTimer()()
    expect(seconds).toBeGreaterThanOrEqual(0)
    expect(samplesOf(registry.collect(), 'x_seconds').at(-2)!.value).toBe(seconds)
  })
})

describe('names', () => {
  it('holds metrics to the conventions', () => {
    const registry = createRegistry()
    expect(() => registry.counter({ name: 'requests', help: 'R.', unit: '1' })).toThrow('must be "requests_total"')
    expect(() => registry.gauge({ name: 'age', help: 'A.', unit: 'seconds' })).toThrow('must be "age_seconds"')
    expect(() => registry.gauge({ name: 'sent_total', help: 'S.', unit: '1' })).toThrow('Only a counter')
    expect(() => registry.gauge({ name: 'a-b', help: 'S.', unit: '1' })).toThrow('must match')
    expect(() => registry.gauge({ name: 'ab', help: ' ', unit: '1' })).toThrow('needs a help text')
    registry.gauge({ name: 'ab', help: 'A.', unit: '1' })
    expect(() => registry.counter({ name: 'ab', help: 'A.', unit: '1' })).toThrow(TypeError)
    expect(() => registry.gauge({ name: 'ab', help: 'A.', unit: '1' })).toThrow('made already')
  })
})
