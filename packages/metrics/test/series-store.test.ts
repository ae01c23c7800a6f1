import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createRegistry, openSeriesStore, type MetricFamily, type SeriesStore, type SeriesStoreOptions } from '@hivekit/metrics'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { must, mustFail } from './must.ts'
import { temporaryFolder } from './temporary-folder.ts'

const soak = Number(process.env['HIVEKIT_SOAK'] ?? 1)
const day = 86_400_000
const open = async (options: SeriesStoreOptions) => must(await openSeriesStore(options))
const gauge = (name: string, samples: readonly (readonly [labels: Record<string, string>, value: number, timestamp?: number])[]): MetricFamily =>
  ({ name, help: name, type: 'gauge', samples: samples.map(([labels, value, timestamp]) => ({ labels, value, ...(timestamp === undefined ? {} : { timestamp }) })) })
const bits = (values: Iterable<number>) => Array.from(values, value => new BigUint64Array(new Float64Array([value]).buffer)[0])

/** The very samples of a series, by asking for the newest at each of its times. */
const samplesAt = async (store: SeriesStore, match: string, times: readonly number[], stepMs: number) => {
  const { series } = must(await store.query({ match, from: times[0]!, to: times.at(-1)!, stepMs, windowMs: stepMs, resolution: 'raw' }))
  return series[0]?.values ?? []
}

describe('keeping', () => {
  it('gives back every bit of every value: from the head, from sealed and from compacted blocks, after reopening', async () => {
    const awkward = fc.oneof(
      fc.double({ noNaN: true }), fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -1000, max: 1000 }).map(n => n / 100),
      fc.constantFrom(-0, 0, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53, 0.1 + 0.2, 1e15 + 0.5, Number.NaN),
      fc.maxSafeInteger(), fc.integer({ min: 0, max: 1e6 }).map(n => n * 4096), fc.constant(7),
    )
    const column = fc.oneof(fc.array(awkward, { minLength: 60, maxLength: 60 }), awkward.map(value => Array<number>(60).fill(value)),
      fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 60, maxLength: 60 }).map(steps => steps.map((_, i) => steps.slice(0, i).reduce((a, b) => a + b, 0))))
    // In what a query answers NaN is a gap, and a series of gaps alone is left out.
    const measured = column.filter(values => values.some(value => !Number.isNaN(value)))
    await fc.assert(fc.asyncProperty(fc.array(measured, { minLength: 1, maxLength: 6 }), async columns => {
      using folder = temporaryFolder()
      const path = folder.file('m.db')
      const times = Array.from({ length: 60 }, (_, i) => i * 60_000)
      let store = await open({ path, autoMaintain: false })
      for (const [i, at] of times.entries()) {
        await store.append([gauge('x', columns.map((values, s) => [{ s: String(s) }, values[i]!]))], { at })
      }
      const check = async () => {
        for (const [s, values] of columns.entries()) expect(bits(await samplesAt(store, `x{s="${s}"}`, times, 60_000))).toEqual(bits(values))
      }
      await check()
      await store.maintain({ seal: true })
      expect(store.snapshot().head.scrapes).toBe(0)
      await check()
      await store[Symbol.asyncDispose]()
      store = await open({ path, autoMaintain: false })
      await check()
      await store.append([gauge('other', [[{}, 1]])], { at: 2 * day })
      await store.maintain()
      expect(store.snapshot().fiveMinutes.blocks).toBe(1)
      await check()
      expect(must(await store.verify()).problems).toEqual([])
      await store[Symbol.asyncDispose]()
    }), { numRuns: 12 * soak })
  })

  it('takes samples in the order of their series and says what became of the others', async () => {
    using folder = temporaryFolder()
    await using store = await open({ path: folder.file('m.db') })
    const append = async (value: number, at: number) => must(await store.append([gauge('x', [[{}, value]])], { at }))
    expect(await append(1, 1000)).toEqual({ accepted: 1, duplicates: 0, outOfOrder: 0 })
    expect(await append(1, 1000)).toEqual({ accepted: 0, duplicates: 1, outOfOrder: 0 })
    expect(await append(2, 1000)).toEqual({ accepted: 0, duplicates: 0, outOfOrder: 1 })
    expect(await append(2, 999)).toEqual({ accepted: 0, duplicates: 0, outOfOrder: 1 })
    const mixed = await store.append([gauge('x', [[{}, 9]]), gauge('y', [[{}, 3]])], { at: 500, source: 'other' })
    expect(must(mixed)).toEqual({ accepted: 1, duplicates: 0, outOfOrder: 1 })
    expect(store.snapshot().appended).toEqual({ accepted: 2, duplicates: 1, outOfOrder: 3 })
    await store.maintain({ seal: true })
    expect(bits(await samplesAt(store, 'x', [1000], 1000))).toEqual(bits([1]))
    expect(bits(await samplesAt(store, 'y', [500], 1000))).toEqual(bits([3]))
  })

  it('knows the newest sample of a series after a restart, wherever it is kept', async () => {
    using folder = temporaryFolder()
    const path = folder.file('m.db')
    for (const seal of [false, true]) {
      await using store = await open({ path, autoMaintain: false })
      const at = seal ? 2000 : 1000
      await store.append([gauge('x', [[{}, 5]])], { at })
      if (seal) await store.maintain({ seal })
      await store[Symbol.asyncDispose]()
      await using again = await open({ path, autoMaintain: false })
      expect(must(await again.append([gauge('x', [[{}, 5]])], { at })).duplicates).toBe(1)
      expect(must(await again.append([gauge('x', [[{}, 6]])], { at: at - 1 })).outOfOrder).toBe(1)
    }
  })

  it('takes a history whose samples bring their own times', async () => {
    using folder = temporaryFolder()
    await using store = await open({ path: folder.file('m.db') })
    const history = gauge('x', Array.from({ length: 50 }, (_, i) => [{}, i, (50 - i) * 1000]))
    expect(must(await store.append([history], { at: 60_000 })).accepted).toBe(50)
    expect([...await samplesAt(store, 'x', [1000, 50_000], 1000)]).toEqual(Array.from({ length: 50 }, (_, i) => 49 - i))
  })

  it('marks a series that its source no longer has as ended at once', async () => {
    using folder = temporaryFolder()
    await using store = await open({ path: folder.file('m.db') })
    await store.append([gauge('x', [[{ bot: 'a' }, 1], [{ bot: 'b' }, 2]])], { at: 1000 })
    await store.append([gauge('x', [[{ bot: 'a' }, 1]])], { at: 2000 })
    const { series } = must(await store.query({ match: 'x', from: 1000, to: 3000, stepMs: 1000 }))
    expect(series.map(line => [line.labels['bot'], ...line.values])).toEqual([['a', 1, 1, 1], ['b', 2, Number.NaN, Number.NaN]])
  })

  it('has one writer, and readers beside it that see what is committed', async () => {
    using folder = temporaryFolder()
    const path = folder.file('m.db')
    expect(mustFail(await openSeriesStore({ path, readOnly: true })).code).toBe('not_found')
    await using writer = await open({ path, autoMaintain: false })
    expect(mustFail(await openSeriesStore({ path })).code).toBe('conflict')
    await using reader = await open({ path, readOnly: true })
    expect(mustFail(await reader.append([])).code).toBe('forbidden')
    for (let i = 1; i <= 6; i++) {
      await writer.append([gauge('x', [[{ i: String(i % 3) }, i]])], { at: i * 1000 })
      if (i % 2 === 0) await writer.maintain({ seal: true })
      expect(reader.snapshot().head.scrapes).toBe(writer.snapshot().head.scrapes)
      const { series } = must(await reader.query({ match: 'x', from: i * 1000, to: i * 1000, stepMs: 1, aggregate: 'max' }))
      expect(series[0]!.values[0]).toBe(i)
    }
    expect(must(await reader.series())).toHaveLength(3)
    expect(must(reader.labelValues('i'))).toEqual(['0', '1', '2'])
  })

  it('refuses a file that is no store', async () => {
    using folder = temporaryFolder()
    const { writeFileSync } = await import('node:fs')
    writeFileSync(folder.file('m.db'), 'not a database at all, but long enough to be taken for one by its size'.repeat(20))
    expect(mustFail(await openSeriesStore({ path: folder.file('m.db') })).code).toBe('data_corrupt')
  })
})

describe('damage', () => {
  it('costs the damaged parts alone, and is reported', async () => {
    using folder = temporaryFolder()
    const path = folder.file('m.db')
    {
      await using store = await open({ path, autoMaintain: false })
      for (let i = 0; i < 20; i++) {
        await store.append([gauge('x', [[{ s: 'a' }, i], [{ s: 'b' }, i * 2]])], { at: i * 1000 })
        if (i === 9) await store.maintain({ seal: true })
      }
    }
    const db = new DatabaseSync(path)
    db.exec(`UPDATE chunks SET data = CAST(data || x'00' AS BLOB) WHERE id % 1048576 = 1; UPDATE head SET data = zeroblob(length(data)) WHERE at = 15000`)
    db.close()
    const problems: string[] = []
    await using store = await open({ path, onProblem: problem => problems.push(`${problem.part} ${problem.series ?? '-'}`) })
    const read = async (s: string) => must(await store.query({ match: `x{s="${s}"}`, from: 0, to: 19_000, stepMs: 1000, windowMs: 1000 }))
    const a = await read('a')
    const b = await read('b')
    expect([...a.series[0]!.values]).toEqual(Array.from({ length: 20 }, (_, i) => (i < 10 || i === 15 ? Number.NaN : i)))
    expect([...b.series[0]!.values]).toEqual(Array.from({ length: 20 }, (_, i) => (i === 15 ? Number.NaN : i * 2)))
    expect(a.problems).toEqual(['A chunk of series 1 from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:09.000Z was skipped: its checksum is wrong.'])
    expect(b.problems).toEqual([])
    expect(problems).toEqual(['scrape -', 'chunk 1'])
    expect(must(await store.verify())).toMatchObject({ chunks: 1, scrapes: 9, problems: [{ part: 'chunk' }, { part: 'scrape' }] })
    expect(store.snapshot().problems).toBe(2)
  })
})

describe('being killed', () => {
  it(`loses no acknowledged scrape and damages nothing, at ${10 * soak} random moments`, { timeout: 60_000 * soak }, async () => {
    using folder = temporaryFolder()
    const path = folder.file('m.db')
    let next = 0
    for (let round = 0; round < 10 * soak; round++) {
      const child = spawn(process.execPath, ['--conditions=@hivekit/source', join(import.meta.dirname, 'programs', 'ingest.ts'), path, String(next)], { stdio: ['ignore', 'pipe', 'inherit'] })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const wanted = 3 + Math.floor(Math.random() * 150)
      while (said.split('\n').length < wanted) await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await once(child, 'close')
      const acknowledged = Number(said.trim().split('\n').at(-1))
      await using store = await open({ path, autoMaintain: false, sealEvery: 24 })
      const check = must(await store.verify())
      expect(check.problems).toEqual([])
      const from = Math.max(0, acknowledged - 400)
      const answer = must(await store.query({ match: 'n', from: from * 1_200_000, to: acknowledged * 1_200_000, stepMs: 1_200_000, windowMs: 1_200_000, resolution: 'raw' }))
      for (const line of answer.series) {
        const i = Number(line.labels['i'])
        const expected = Array.from(line.values, (_, k) => (i < 30 + (Math.floor((from + k) / 7) % 10) ? (from + k) * 10 + i : Number.NaN))
        expect([...line.values]).toEqual(expected)
      }
      expect(answer.series.length).toBeGreaterThanOrEqual(30)
      // The one after the last acknowledged may be in the file too.
      next = acknowledged + 2
      await store.append([gauge('n', Array.from({ length: 30 + (Math.floor((acknowledged + 1) / 7) % 10) }, (_, i) => [{ i: String(i) }, (acknowledged + 1) * 10 + i]))], { at: (acknowledged + 1) * 1_200_000 })
    }
  })
})

describe('retention', () => {
  it('keeps each kind of data for its time and within its bytes, and forgets series that have nothing left', async () => {
    using folder = temporaryFolder()
    await using store = await open({
      path: folder.file('m.db'), autoMaintain: false, sealEvery: 48,
      retention: { raw: { maxAgeMs: 3 * day }, fiveMinutes: { maxAgeMs: 6 * day }, hours: { maxAgeMs: 30 * day, maxBytes: 6_000 } },
    })
    for (let i = 0; i < 12 * 48; i++) {
      await store.append([gauge('x', [[{ era: String(Math.floor(i / 288)) }, i]])], { at: i * 1_800_000 })
      if (i % 48 === 47) await store.maintain()
    }
    const { raw, fiveMinutes, hours, series } = store.snapshot()
    const newest = (12 * 48 - 1) * 1_800_000
    expect(raw.from).toBeGreaterThanOrEqual(newest - 4 * day)
    expect(fiveMinutes.from).toBeGreaterThanOrEqual(newest - 7 * day)
    expect(fiveMinutes.from).toBeLessThan(raw.from!)
    expect(hours.bytes).toBeLessThanOrEqual(6_000)
    expect(series).toBe(2)
    await store.append([gauge('x', [[{ era: 'new' }, 1]])], { at: newest + 40 * day })
    await store.maintain({ seal: true })
    await store.append([gauge('x', [[{ era: 'new' }, 1]])], { at: newest + 80 * day })
    await store.maintain({ seal: true })
    expect(must(await store.series()).map(labels => labels['era'])).not.toContain('0')
    await expect(openSeriesStore({ path: folder.file('n.db'), retention: { raw: { maxAgeMs: 1000 } } })).rejects.toThrow(RangeError)
  })
})

describe('rollups', () => {
  it('answer as the samples do where windows are multiples of their buckets', async () => {
    using folder = temporaryFolder()
    await using store = await open({ path: folder.file('m.db'), autoMaintain: false, sealEvery: 500 })
    const registry = createRegistry()
    const total = registry.counter({ name: 'c_total', help: 'C.', unit: '1' })
    const level = registry.gauge({ name: 'g', help: 'G.', unit: '1' })
    let seed = 7
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    for (let at = 20_000; at < 2.2 * day; at += 60_000) {
      if (random() < 0.003) total.clear()
      total.inc(Math.floor(random() * 50))
      level.set(Math.round(random() * 1000) / 10)
      await store.append(registry.collect(), { at })
      if (at % 30_000_000 < 60_000) await store.maintain()
    }
    await store.maintain()
    expect(store.snapshot().hours.blocks).toBe(2)
    for (const [resolution, stepMs] of [['5m', 300_000], ['1h', 3_600_000]] as const) {
      for (const fn of ['min', 'max', 'sum', 'count', 'avg', 'last'] as const) {
        const query = { match: 'g', fn, from: 6 * 3_600_000, to: 2.1 * day, stepMs, windowMs: 2 * stepMs }
        const rolled = must(await store.query({ ...query, resolution }))
        const raw = must(await store.query({ ...query, resolution: 'raw' }))
        expect(rolled.resolutionMs).toBe(stepMs)
        for (const [i, value] of raw.series[0]!.values.entries()) expect(rolled.series[0]!.values[i]).toBeCloseTo(value, 6)
      }
      const query = { match: 'c_total', fn: 'increase', from: 6 * 3_600_000, to: 2.1 * day, stepMs, windowMs: stepMs } as const
      const rolled = must(await store.query({ ...query, resolution })).series[0]!.values
      const raw = must(await store.query({ ...query, resolution: 'raw' })).series[0]!.values
      // Prometheus extrapolates what it sees to the window's edges; a rollup has what was seen from edge to edge.
      const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0)
      expect(sum(rolled) / sum(raw)).toBeCloseTo(1, 1)
    }
  })
})
