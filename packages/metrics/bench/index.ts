import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createRegistry, openSeriesStore, toPrometheusText, type RangeQuery } from '@hivekit/metrics'
import client from '@prometheus-io/client'
import { mixedSet } from './mixed-set.ts'

interface BenchRow { readonly case: string; readonly ours: number; readonly peer: number | null; readonly unit: string; readonly ratio: number | null }

/** CPU nanoseconds of a run. */
const cpu = async (run: () => unknown): Promise<number> => {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}
/** The best of several runs each, taken in turn. */
const inTurn = async (times: number, ...runs: readonly (() => unknown)[]): Promise<number[]> => {
  const best = runs.map(() => Infinity)
  for (let i = 0; i < times; i++) for (const [r, run] of runs.entries()) best[r] = Math.min(best[r]!, await cpu(run))
  return best
}
const round = (value: number) => Number(value.toPrecision(3))
const cost = (name: string, ours: number, peer: number | null, unit: string): BenchRow =>
  ({ case: name, ours: round(ours), peer: peer === null ? null : round(peer), unit, ratio: peer === null ? null : round(ours / peer) })
const rate = (name: string, ours: number, peer: number, unit: string): BenchRow => ({ case: name, ours: round(ours), peer: round(peer), unit, ratio: round(peer / ours) })

const recording = async (): Promise<BenchRow[]> => {
  const labels = Array.from({ length: 256 }, (_, i) => ({ bot: `bot-${i % 16}`, kind: `kind-${i >> 4}` }))
  const registry = createRegistry()
  const counter = registry.counter({ name: 'a_total', help: 'A.', unit: '1', labels: ['bot', 'kind'] })
  const histogram = registry.histogram({ name: 'h_seconds', help: 'H.', unit: 'seconds', labels: ['bot', 'kind'] })
  const counters = labels.map(one => counter.bind(one))
  const histograms = labels.map(one => histogram.bind(one))
  const theirs = new client.Registry()
  const theirCounter = new client.Counter({ name: 'a_total', help: 'A.', labelNames: ['bot', 'kind'], registers: [theirs] })
  const theirHistogram = new client.Histogram({ name: 'h_seconds', help: 'H.', labelNames: ['bot', 'kind'], registers: [theirs] })
  const theirCounters = labels.map(one => theirCounter.labels(one))
  const theirHistograms = labels.map(one => theirHistogram.labels(one))
  const [mine, other] = [2e6, 2e5]
  const pairs: readonly (readonly [string, (i: number) => void, (i: number) => void])[] = [
    ['bound counter inc', i => counters[i & 255]!.inc(), i => theirCounters[i & 255]!.inc()],
    ['labelled counter inc', i => counter.inc(labels[i & 255]!), i => theirCounter.inc(labels[i & 255]!)],
    ['bound histogram observe', i => histograms[i & 255]!.observe((i & 1023) / 100), i => theirHistograms[i & 255]!.observe((i & 1023) / 100)],
    ['labelled histogram observe', i => histogram.observe(labels[i & 255]!, (i & 1023) / 100), i => theirHistogram.observe(labels[i & 255]!, (i & 1023) / 100)],
  ]
  const rows: BenchRow[] = []
  for (const [name, ours, peer] of pairs) {
    const [a, b] = await inTurn(6, () => { for (let i = 0; i < mine; i++) ours(i) }, () => { for (let i = 0; i < other; i++) peer(i) })
    rows.push(cost(name, a! / mine, b! / other, 'ns'))
  }
  return rows
}

const scraping = async (): Promise<BenchRow[]> => {
  const many = createRegistry({ maxSeriesPerMetric: 20_000 })
  const gauge = many.gauge({ name: 'g', help: 'G.', unit: '1', labels: ['a', 'b'] })
  const theirs = new client.Registry()
  const theirGauge = new client.Gauge({ name: 'g', help: 'G.', labelNames: ['a', 'b'], registers: [theirs] })
  for (let i = 0; i < 10_000; i++) {
    gauge.set({ a: `a${i}`, b: `b${i % 7}` }, i * 1.37)
    theirGauge.set({ a: `a${i}`, b: `b${i % 7}` }, i * 1.37)
  }
  const some = createRegistry()
  const histogram = some.histogram({ name: 'h', help: 'H.', unit: '1', labels: ['a', 'b'] })
  const theirOthers = new client.Registry()
  const theirHistogram = new client.Histogram({ name: 'h', help: 'H.', labelNames: ['a', 'b'], registers: [theirOthers] })
  for (let i = 0; i < 1000; i++) {
    histogram.observe({ a: `a${i}`, b: `b${i % 7}` }, i / 100)
    theirHistogram.observe({ a: `a${i}`, b: `b${i % 7}` }, i / 100)
  }
  const [a, b] = await inTurn(12, () => Buffer.from(toPrometheusText(many.collect())), async () => Buffer.from(await theirs.metrics()))
  const [c, d] = await inTurn(12, () => Buffer.from(toPrometheusText(some.collect())), async () => Buffer.from(await theirOthers.metrics()))
  return [cost('scrape of 10k series', a! / 1e6, b! / 1e6, 'ms'), cost('scrape of 1k histograms', c! / 1e6, d! / 1e6, 'ms')]
}

const day = 86_400_000
const series = 1000
const scrapes = 8640

const keeping = async (): Promise<BenchRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'hivekit-bench-'))
  try {
    const opened = await openSeriesStore({ path: join(folder, 'm.db'), autoMaintain: false })
    if (opened.isErr()) throw opened.error
    await using store = opened.value
    const set = mixedSet(series)
    const labels = Array.from({ length: series }, (_, i) => ({ i: String(i) }))
    const samples = labels.map(one => ({ labels: one, value: 0 }))
    const families = [{ name: 'm', help: 'M.', type: 'gauge' as const, samples }]
    const start = Math.floor(1_700_000_000_000 / day) * day
    let ingest = 0
    for (let i = 0; i < scrapes; i++) {
      const row = set.next()
      for (let s = 0; s < series; s++) samples[s]!.value = row[s]!
      ingest += await cpu(async () => {
        await store.append(families, { at: start + i * 10_000 })
        if (i % 360 === 359) await store.maintain()
      })
    }
    const rows = new DatabaseSync(join(folder, 'rows.db'))
    rows.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE samples (series INTEGER, at INTEGER, value REAL, PRIMARY KEY (series, at)) WITHOUT ROWID')
    const insert = rows.prepare('INSERT INTO samples VALUES (?, ?, ?)')
    const fewer = 360
    const rowsNs = await cpu(() => {
      for (let i = 0; i < fewer; i++) {
        rows.exec('BEGIN')
        for (let s = 0; s < series; s++) insert.run(s, start + i * 10_000, samples[s]!.value)
        rows.exec('COMMIT')
      }
    })
    rows.close()
    const ask = (query: RangeQuery) => async () => {
      const answer = await store.query(query)
      if (answer.isErr()) throw answer.error
    }
    const one: RangeQuery = { match: 'm{i="5"}', fn: 'avg', from: start + 288_000, to: start + day, stepMs: 288_000, windowMs: 288_000, resolution: 'raw' }
    const hour: RangeQuery = { match: 'm', fn: 'avg', from: start + 40_000_000, to: start + 43_540_000, stepMs: 60_000, windowMs: 60_000 }
    const [sealedOne, sealedHour] = await inTurn(8, ask(one), ask(hour))
    const compaction = await cpu(async () => {
      await store.append([{ name: 'next', help: 'N.', type: 'gauge', samples: [{ labels: {}, value: 1 }] }], { at: start + 1.1 * day, source: 'next' })
      await store.maintain({ seal: true })
    })
    const { raw } = store.snapshot()
    const [dayOne, dayHour] = await inTurn(4, ask(one), ask(hour))
    const total = series * scrapes
    return [
      rate('ingest, 1000 series a scrape, sealed', total / (ingest / 1e9) / 1000, (fewer * series) / (rowsNs / 1e9) / 1000, 'k samples/CPU-s'),
      rate('the same with compaction and rollups', total / ((ingest + compaction) / 1e9) / 1000, (fewer * series) / (rowsNs / 1e9) / 1000, 'k samples/CPU-s'),
      cost('bytes a sample, mixed set, compacted', raw.bytes / raw.samples, null, 'B'),
      cost('1 series, 1 day, 300 points (sealed)', sealedOne! / 1e6, null, 'ms'),
      cost('1 series, 1 day, 300 points (compacted)', dayOne! / 1e6, null, 'ms'),
      cost('1000 series, 1 h, 60 points (sealed)', sealedHour! / 1e6, null, 'ms'),
      cost('1000 series, 1 h, 60 points (compacted)', dayHour! / 1e6, null, 'ms'),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Measures recording, scraping and keeping; about half a minute. */
export default async (): Promise<BenchRow[]> => [...await recording(), ...await scraping(), ...await keeping()]
