import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyseTrend, defineHealthModel, piecewise, scoreHealth, type Reading } from '@hivekit/health-score'
import type { BenchRow } from '../../../scripts/bench.ts'
import { judge } from './compare.ts'
import { makeCorpus } from './corpus.ts'
import { drawCurve } from './curve.ts'
import { ewmaOnly, modeManager, netdataDelay, plainThreshold } from './detectors.ts'

const curve = piecewise([[0, 1], [1, 0]])
const now = 1_700_000_000_000
const modelOf = (signals: number) => {
  const keys = Array.from({ length: signals }, (_, i) => `s${i}`)
  return defineHealthModel({ signals: Object.fromEntries(keys.map(key => [key, { curve }])), weights: Object.fromEntries(keys.map((key, i) => [key, i + 1])), gates: [{ signal: 's0' }] })
}
const readingsOf = (signals: number, seed: number): Reading[] => Array.from({ length: signals }, (_, i) => ({ signal: `s${i}`, value: ((i * 7 + seed * 13) % 100) / 110, at: now }))

/** CPU microseconds a run, best of twelve rounds. */
const costOf = (runs: number, work: () => unknown) => {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 12; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < runs; i++) work()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / runs)
  }
  return Number(best.toPrecision(4))
}

export default async (): Promise<BenchRow[]> => {
  const [small, bot] = [modelOf(50), modelOf(8)]
  const fleet = defineHealthModel({ signals: { bots: { model: bot, combine: 'mean' } }, weights: { bots: 1 } })
  const fifty = readingsOf(50, 1)
  const thousand: Reading[] = Array.from({ length: 1_000 }, (_, i) => ({ signal: 'bots', monitor: `b${i}`, readings: readingsOf(8, i) }))
  const times = Float64Array.from({ length: 1_000 }, (_, i) => now + i * 5_000)
  const series = { times, values: times.map((_, i) => Math.sin(i * i) + i / 300) }
  const alone = (name: string, ours: number, unit: string): BenchRow => ({ case: name, ours, peer: null, unit, ratio: null })
  const rows = [
    alone('score of 50 signals', costOf(5_000, () => scoreHealth(fifty, small, { now })), 'µs CPU'),
    alone('score of 1,000 bots × 8 signals', costOf(20, () => scoreHealth(thousand, fleet, { now })), 'µs CPU'),
    alone('trend of 1,000 points, with forecast', costOf(20, () => analyseTrend(series, { threshold: 6 })), 'µs CPU'),
  ]

  const corpus = makeCorpus()
  const ours = judge(corpus, modeManager())
  const peers = { 'plain threshold': plainThreshold, 'EWMA of 30 s': ewmaOnly(30_000), 'Netdata delay up 10 s down 60 s': netdataDelay({ upMs: 10_000, downMs: 60_000 }) }
  for (const [name, detector] of Object.entries(peers)) {
    const peer = judge(corpus, detector)
    const compare = (what: string, a: number, b: number, unit: string): BenchRow => ({ case: `${what}, against ${name}`, ours: a, peer: b, unit, ratio: b === 0 ? null : Number((a / b).toFixed(3)) })
    rows.push(
      compare('mode changes in 240 scenarios', ours.changes, peer.changes, 'changes'),
      compare('mean time from fault to worse mode', ours.delayMs / 1_000, peer.delayMs / 1_000, 's'),
      compare('faults missed, of 120', ours.missed, peer.missed, 'faults'),
      compare('faultless scenarios disturbed, of 120', ours.falseAlarms, peer.falseAlarms, 'scenarios'),
    )
  }
  const plain = judge(corpus, plainThreshold)
  const swept = (settings: readonly number[], make: (setting: number) => ReturnType<typeof modeManager>) => settings.map(setting => judge(corpus, make(setting)))
  writeFileSync(join(import.meta.dirname, 'mode-changes.svg'), drawCurve(plain, {
    'mode manager': swept([5_000, 10_000, 15_000, 30_000], enterAfterMs => modeManager({ enterAfterMs })),
    'EWMA': swept([5_000, 10_000, 20_000, 40_000], ewmaOnly),
    'Netdata delay': swept([0, 5_000, 10_000, 20_000], upMs => netdataDelay({ upMs, downMs: 6 * upMs })),
  }))
  return rows
}
