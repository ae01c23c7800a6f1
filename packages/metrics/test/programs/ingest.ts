import { writeSync } from 'node:fs'
import { openSeriesStore } from '@hivekit/metrics'
import { must } from '../must.ts'

// Appends scrapes for ever and says which are acknowledged; the test kills it.
const [path = '', start = '0'] = process.argv.slice(2)
const store = must(await openSeriesStore({ path, sealEvery: 24 }))
const labels = Array.from({ length: 40 }, (_, i) => ({ i: String(i) }))
for (let n = Number(start); ; n++) {
  const samples = labels.slice(0, 30 + (Math.floor(n / 7) % 10)).map((one, i) => ({ labels: one, value: n * 10 + i }))
  const kept = await store.append([{ name: 'n', help: 'N.', type: 'gauge', samples }], { at: n * 1_200_000 })
  if (kept.isErr()) throw kept.error
  writeSync(1, `${n}\n`)
  if (n % 5 === 0) await new Promise(resolve => setImmediate(resolve))
}
