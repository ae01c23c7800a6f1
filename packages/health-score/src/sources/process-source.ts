import { availableParallelism, totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { HealthSource } from '../health-source.ts'

/** What a {@link processSource} can read. */
export type ProcessSignal = 'cpuRatio' | 'memoryRatio' | 'eventLoopDelayMs'

/** What {@link processSource} takes. */
export interface ProcessSourceOptions {
  /** The source's name. Default `process`. */
  readonly name?: string
  /** What the model calls the signals it is to read; those left out are not read. Default: all, by their own names. */
  readonly signals?: Partial<Readonly<Record<ProcessSignal, string>>>
  /** How many processors it may use, above 0. Default: as many as the system allows. */
  readonly cpus?: number
  /** How much memory it may use, in bytes, above 0. Default: the cgroup's limit, else the machine's memory. */
  readonly memoryLimitBytes?: number
}

/**
 * Reads this process: `cpuRatio` since the last read (0–1 of its processors), `memoryRatio` (the fuller of resident
 * memory against its limit and heap against its own) and `eventLoopDelayMs` (p99 since the last read). The first read
 * has no `cpuRatio`. Closing it stops its event-loop sampling, which costs about 50 wake-ups a second.
 *
 * @throws RangeError if a limit is not above 0.
 *
 * @example
 * ```ts
 * import { processSource } from '@hivekit/health-score'
 *
 * const source = processSource({ memoryLimitBytes: 512 * 2 ** 20 })
 * await source[Symbol.asyncDispose]?.()
 * ```
 */
export const processSource = (options: ProcessSourceOptions = {}): HealthSource => {
  const { name = 'process', signals = ownNames, cpus = availableParallelism(), memoryLimitBytes = memoryLimit() } = options
  for (const [key, value] of Object.entries({ cpus, memoryLimitBytes })) {
    if (!(value > 0)) throw new RangeError(`Expected ${key} above 0, got ${value}.`)
  }
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  let before: { readonly cpuMicros: number; readonly at: number } | undefined

  return {
    name,
    read: () => {
      const { user, system } = process.cpuUsage()
      const now = { cpuMicros: user + system, at: performance.now() }
      const cpuRatio = before && (now.cpuMicros - before.cpuMicros) / ((now.at - before.at) * 1_000 * cpus)
      before = now
      const heap = getHeapStatistics()
      const memoryRatio = Math.max(process.memoryUsage.rss() / memoryLimitBytes, heap.used_heap_size / heap.heap_size_limit)
      // The histogram holds whole intervals between samples; what exceeds the intended one is delay.
      const eventLoopDelayMs = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs)
      delay.reset()
      const read: Partial<Record<ProcessSignal, number>> = { memoryRatio, eventLoopDelayMs, ...(cpuRatio === undefined ? {} : { cpuRatio }) }
      return (Object.entries(signals) as [ProcessSignal, string][]).flatMap(([own, signal]) => {
        const value = read[own]
        return value === undefined ? [] : [{ signal, value }]
      })
    },
    [Symbol.asyncDispose]: async () => void delay.disable(),
  }
}

const ownNames = { cpuRatio: 'cpuRatio', memoryRatio: 'memoryRatio', eventLoopDelayMs: 'eventLoopDelayMs' }

const resolutionMs = 20

/** `constrainedMemory` answers 0, or more than there is, where nothing limits the process. */
const memoryLimit = () => Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())
