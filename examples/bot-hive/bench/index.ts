import { readFileSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import type { BenchRow } from '../../../scripts/bench.ts'
import { echoBot, startHive, type RunningHive } from '../test/start-hive.ts'
import { startLoad, timeGet } from './load.ts'

const echo = echoBot({ delayMs: 50, maxConcurrent: 200 })
const memoryMessages = Number(process.env['HIVE_BENCH_MESSAGES'] ?? 50_000)

const say = (text: string) => void process.stderr.write(`${text}\n`)
const row = (name: string, ours: number, unit: string): BenchRow => ({ case: name, ours: Number(ours.toFixed(2)), peer: null, unit, ratio: null })
const percentile = (values: readonly number[], p: number) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))] ?? NaN
const residentMb = ({ pid }: RunningHive) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
/** User and system time of a process, in seconds. */
const cpuSeconds = ({ pid }: RunningHive) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** People at once, to a bot that answers in 50 ms, through HTTP, durable SQLite, the bot's own process and the event stream. */
const measure = async (hive: RunningHive, users: number, forMs: number, untilMessages = 0): Promise<BenchRow[]> => {
  const load = await startLoad(hive.url, 'echo', users)
  await after(1_000)
  load.latencies.length = 0
  const probes: number[] = []
  const start = performance.now()
  const cpu = cpuSeconds(hive)
  while (performance.now() - start < forMs || load.latencies.length < untilMessages) {
    probes.push(await timeGet(`${hive.url}/livez`))
    await after(20)
  }
  const seconds = (performance.now() - start) / 1000
  const { latencies } = load
  const count = latencies.length
  const measured = latencies.slice(0, count)
  const used = cpuSeconds(hive) - cpu
  await load.stop()
  say(`${users} users: ${(count / seconds).toFixed(0)} messages/s`)
  return [
    row(`${users} users: messages`, count / seconds, 'messages/s'),
    row(`${users} users: reply p50`, percentile(measured, 0.5), 'ms'),
    row(`${users} users: reply p95`, percentile(measured, 0.95), 'ms'),
    row(`${users} users: reply p99`, percentile(measured, 0.99), 'ms'),
    row(`${users} users: /livez p99`, percentile(probes, 0.99), 'ms'),
    row(`${users} users: the hive's CPU`, (used / count) * 1e6, 'µs/message'),
  ]
}

export default async (): Promise<BenchRow[]> => {
  await using hive = await startHive({ bots: [echo], env: { HIVE_CONFIG: '' } })
  const rows: BenchRow[] = []
  for (const users of [1, 10, 50]) rows.push(...(await measure(hive, users, 4_000)))
  rows.push(...(await measure(hive, 100, 10_000)))
  const before = residentMb(hive)
  say(`memory: ${memoryMessages} messages more`)
  await measure(hive, 100, 0, memoryMessages)
  const grown = residentMb(hive)
  return [...rows, row('memory before', before, 'MB'), row(`memory after ${memoryMessages} messages more`, grown, 'MB')]
}
