import { defineHealthModel, explainScore, piecewise, scoreHealth } from '@hivekit/health-score'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the worked example of the guide says what it is said to say', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/designing-a-health-score.md'), 'utf8')
  const model = defineHealthModel({
    name: 'hive',
    signals: {
      latencyMs: { label: 'p95 latency', unit: 'ms', curve: piecewise([[300, 1], [3_000, 0]]) },
      cpu: { label: 'CPU', curve: piecewise([[0.7, 1], [1, 0]]) },
      ready: { label: 'bots ready', curve: piecewise([[0, 0], [1, 1]]) },
    },
    weights: { latencyMs: 3, cpu: 1, ready: 1 },
    gates: [{ signal: 'ready', name: 'no bot is ready' }],
  })
  const now = 1_700_000_000_000
  const read = (latencyMs: number, cpu: number, ready: number) =>
    Object.entries({ latencyMs, cpu, ready }).map(([signal, value]) => ({ signal, value, at: now }))
  const said = [read(1_650, 0.4, 1), read(200, 0.4, 0)].flatMap(readings => explainScore(scoreHealth(readings, model, { now })))
  const told = [...guide.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line)
  expect(told).toEqual(said)
})
