// Runs the library at 1, 2 and 10 times what its work can take, and draws docs/guides/images/capacity-overload.svg.
// `node --conditions=@hivekit/source packages/capacity/bench/overload.ts`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createCapacity, openJobStore } from '@hivekit/capacity'

const concurrency = 10
const workMs = 20
const offeredMs = 2000
const stepMs = 100

interface Point {
  readonly atMs: number
  readonly donePerSecond: number
  readonly p99Ms: number
  readonly waiting: number
  readonly rssMiB: number
}
interface Run {
  readonly name: string
  readonly load: number
  readonly points: Point[]
  readonly offered: number
  readonly done: number
  readonly refused: number
  readonly lost: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const percentile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

const run = async (name: string, load: number, perSecond: number, interactive: boolean): Promise<Run> => {
  const folder = mkdtempSync(join(tmpdir(), 'capacity-overload-'))
  const store = openJobStore({ file: join(folder, 'jobs.db') })
  const capacity = createCapacity({
    limits: { workers: { kind: 'concurrency', max: concurrency } },
    queue: { maxTasks: 1000, store, handlers: { work: () => sleep(workMs) } },
  })
  const latencies: number[] = []
  let recent: number[] = []
  let refused = 0
  let offered = 0
  const submit = (): void => {
    const startMs = performance.now()
    offered++
    const { done } = interactive
      ? capacity.submit(() => sleep(workMs), { deadlineMs: 400 })
      : capacity.submit({ name: 'work' }, { durable: false })
    void done.then(result => {
      if (result.isErr()) return void refused++
      recent.push(performance.now() - startMs)
    })
  }
  const points: Point[] = []
  const beginMs = performance.now()
  let nextStepMs = beginMs + stepMs
  const look = (): void => {
    if (performance.now() < nextStepMs) return
    const report = capacity.report()
    points.push({
      atMs: performance.now() - beginMs,
      donePerSecond: (recent.length / (performance.now() - nextStepMs + stepMs)) * 1000,
      p99Ms: percentile(recent, 0.99),
      waiting: report.queue.queued,
      rssMiB: process.memoryUsage.rss() / 2 ** 20,
    })
    nextStepMs = performance.now() + stepMs
    latencies.push(...recent)
    recent = []
  }
  while (performance.now() - beginMs < offeredMs) {
    const due = ((performance.now() - beginMs) / 1000) * perSecond * load
    while (offered < due) submit()
    look()
    await sleep(1)
  }
  let idle = false
  void capacity.idle().then(() => (idle = true))
  while (!idle) {
    look()
    await sleep(5)
  }
  await new Promise(setImmediate)
  latencies.push(...recent)
  await capacity[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
  const lost = offered - latencies.length - refused
  return { name, load, points, offered, done: latencies.length, refused, lost, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) }
}

const colours = ['#0a7d4f', '#b45309', '#b91c1c']

const chart = (title: string, runs: readonly Run[], read: (point: Point) => number, x: number, y: number): string => {
  const [width, height] = [360, 150]
  const maxX = Math.max(...runs.flatMap(each => each.points.map(point => point.atMs)))
  const maxY = Math.max(1, ...runs.flatMap(each => each.points.map(read)))
  const lines = runs.map((each, i) => {
    const path = each.points.map(point => `${((point.atMs / maxX) * width).toFixed(1)},${(height - (read(point) / maxY) * height).toFixed(1)}`)
    return `<polyline fill="none" stroke="${colours[i]}" stroke-width="1.5" points="${path.join(' ')}"/>`
  })
  return `<g transform="translate(${x},${y})"><text y="-8" font-weight="600">${title}</text><rect width="${width}" height="${height}" fill="none" stroke="#9ca3af"/>
<text x="-4" y="10" text-anchor="end">${maxY >= 10 ? Math.round(maxY) : maxY.toFixed(1)}</text><text x="-4" y="${height}" text-anchor="end">0</text>
<text x="${width}" y="${height + 14}" text-anchor="end">${(maxX / 1000).toFixed(0)} s</text>${lines.join('')}</g>`
}

const draw = (kept: readonly Run[], interactive: readonly Run[]): string => {
  const parts = [kept, interactive].flatMap((runs, column) => {
    const x = 60 + column * 450
    const heading = column === 0 ? 'Jobs that are kept: nothing dropped, they wait' : 'Tasks with a deadline of 400 ms: refused early, fast when in'
    return [
      `<text x="${x}" y="28" font-size="15" font-weight="700">${heading}</text>`,
      chart('done a second', runs, point => point.donePerSecond, x, 70),
      chart('latency, p99, ms', runs, point => point.p99Ms, x, 270),
      chart('waiting', runs, point => point.waiting, x, 470),
      chart('resident memory, MiB', runs, point => point.rssMiB, x, 670),
    ]
  })
  const legend = ['1×', '2×', '10×'].map((label, i) => `<text x="${60 + i * 60}" y="860" fill="${colours[i]}" font-weight="700">${label}</text>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 875" font-family="system-ui, sans-serif" font-size="11" fill="#111827">
<title>Goodput, latency, queue and memory at 1, 2 and 10 times overload</title><rect width="900" height="875" fill="#ffffff"/>
${parts.join('\n')}
${legend.join('')}</svg>
`
}

// What the work can take at most, measured first: timers make 20 ms a little longer.
const measure = async (): Promise<number> => {
  await using capacity = createCapacity({ limits: { workers: { kind: 'concurrency', max: concurrency } } })
  const beginMs = performance.now()
  for (let i = 0; i < 600; i++) capacity.submit(() => sleep(workMs))
  await capacity.idle()
  return Math.floor((600 / (performance.now() - beginMs)) * 1000)
}
const perSecond = await measure()
const kept: Run[] = []
const interactive: Run[] = []
for (const load of [1, 2, 10]) {
  kept.push(await run('kept', load, perSecond, false))
  interactive.push(await run('deadline 400 ms', load, perSecond, true))
}
const images = join(import.meta.dirname, '../../../docs/guides/images')
mkdirSync(images, { recursive: true })
writeFileSync(join(images, 'capacity-overload.svg'), draw(kept, interactive))
console.log(`capacity of the work: ${perSecond}/s`)
console.table(
  [...kept, ...interactive].map(({ name, load, points, offered, done, refused, lost, p50Ms, p99Ms }) => ({
    name, load, offered, done, refused, lost,
    'done/s while offered': Math.round(points.filter(p => p.atMs <= offeredMs + stepMs).reduce((a, p) => a + p.donePerSecond, 0) / points.filter(p => p.atMs <= offeredMs + stepMs).length),
    p50Ms: Math.round(p50Ms), p99Ms: Math.round(p99Ms), 'most waiting': Math.max(...points.map(p => p.waiting)), 'most MiB': Math.round(Math.max(...points.map(p => p.rssMiB))),
  })),
)
