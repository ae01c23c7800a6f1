import { readdirSync, readFileSync } from 'node:fs'
import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics } from 'node:v8'
import { readCgroup } from './cgroup.ts'
import type { MetricFamily, MetricSource } from './metric-family.ts'
import { createRegistry } from './registry.ts'

/** Options of {@link createProcessSource}. */
export interface ProcessSourceOptions {
  /** How often the event loop's delay is sampled, milliseconds, 1 or more. Default 10. */
  readonly eventLoopResolutionMs?: number
}

/** This process' own metrics. Dispose of it to stop watching the event loop and the garbage collector. */
export interface ProcessSource extends MetricSource, Disposable {}

/**
 * Watches this Node process: processor, memory, event loop, garbage collector, heap, open files, active resources,
 * and the container's limits. Names follow Prometheus' clients (`process_*`) and OpenTelemetry's conventions
 * (`nodejs_*`, `v8js_*`). A collection takes about 0.3 ms; watching holds no process open.
 *
 * @example
 * ```ts
 * import { createProcessSource } from '@hivekit/metrics'
 *
 * using node = createProcessSource()
 * const names = [...node.collect()].map(family => family.name)
 * names.includes('nodejs_eventloop_delay_p99_seconds') // true
 * ```
 */
export const createProcessSource = (options: ProcessSourceOptions = {}): ProcessSource => {
  const { eventLoopResolutionMs = 10 } = options
  const registry = createRegistry()
  const collections = registry.histogram({
    name: 'v8js_gc_duration_seconds', help: 'How long garbage collections took, by kind.', unit: 'seconds',
    labels: ['v8js_gc_type'], buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10],
  })
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { kind = 0 } = (entry as { readonly detail?: { readonly kind?: number } }).detail ?? {}
      collections.observe({ v8js_gc_type: collectionKinds.get(kind) ?? 'other' }, entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const delay = monitorEventLoopDelay({ resolution: eventLoopResolutionMs })
  delay.enable()
  let loop = performance.eventLoopUtilization()

  return {
    collect: () => {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, loop)
      loop = now
      const families = [...processFamilies(), ...delayFamilies(delay), ...heapFamilies(), ...cgroupFamilies(), ...registry.collect()]
      delay.reset()
      return [...families, gauge('nodejs_eventloop_utilization', 'Share of time since the last collection that the event loop was busy, 0 to 1.', utilization)]
    },
    [Symbol.dispose]: () => {
      observer.disconnect()
      delay.disable()
    },
  }
}

const collectionKinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

const gauge = (name: string, help: string, value: number, unit?: string): MetricFamily =>
  ({ name, help, type: 'gauge', ...(unit ? { unit } : {}), samples: [{ labels: {}, value }] })
const counter = (name: string, help: string, value: number, unit?: string): MetricFamily =>
  ({ name, help, type: 'counter', ...(unit ? { unit } : {}), samples: [{ labels: {}, value }] })

const startedAtSeconds = performance.timeOrigin / 1000
const versions: MetricFamily = {
  name: 'nodejs_version', help: 'The version of Node.', type: 'info', samples: [{ labels: { version: process.version }, value: 1, suffix: '_info' }],
}

const processFamilies = (): MetricFamily[] => {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  const resources = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) resources.set(kind, (resources.get(kind) ?? 0) + 1)
  const { openFiles, maxFiles, virtualBytes } = linuxProcess()
  return [
    counter('process_cpu_seconds_total', 'Processor time used, user and system.', (user + system) / 1e6, 'seconds'),
    {
      name: 'process_cpu_mode_seconds_total', help: 'Processor time used, by mode.', type: 'counter', unit: 'seconds',
      samples: [{ labels: { cpu_mode: 'user' }, value: user / 1e6 }, { labels: { cpu_mode: 'system' }, value: system / 1e6 }],
    },
    gauge('process_start_time_seconds', 'When the process started, seconds since 1970.', startedAtSeconds, 'seconds'),
    gauge('process_resident_memory_bytes', 'Memory held in RAM.', memory.rss, 'bytes'),
    ...(virtualBytes === undefined ? [] : [gauge('process_virtual_memory_bytes', 'Address space in use.', virtualBytes, 'bytes')]),
    ...(openFiles === undefined ? [] : [gauge('process_open_fds', 'Open file descriptors.', openFiles)]),
    ...(maxFiles === undefined ? [] : [gauge('process_max_fds', 'How many file descriptors may be open.', maxFiles)]),
    gauge('nodejs_external_memory_bytes', 'Memory of C++ objects that JavaScript holds.', memory.external, 'bytes'),
    gauge('nodejs_arraybuffers_memory_bytes', 'Memory of array buffers.', memory.arrayBuffers, 'bytes'),
    {
      name: 'nodejs_active_resources', help: 'Resources that keep the event loop alive, by type.', type: 'gauge',
      samples: Array.from(resources, ([type, value]) => ({ labels: { type }, value })),
    },
    versions,
  ]
}

const linuxProcess = () => {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[0])
    const soft = Number(/^Max open files\s+(\S+)/m.exec(limits)?.[1])
    return {
      openFiles: readdirSync('/proc/self/fd').length,
      maxFiles: Number.isFinite(soft) ? soft : undefined,
      virtualBytes: pages * 4096,
    }
  } catch {
    return {} // not Linux: these metrics are absent, as in every Prometheus client
  }
}

const delayFamilies = (delay: ReturnType<typeof monitorEventLoopDelay>): MetricFamily[] => {
  const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) && delay.count > 0 ? nanoseconds / 1e9 : 0)
  return [
    ...[50, 90, 99].map(percentile => gauge(`nodejs_eventloop_delay_p${percentile}_seconds`,
      `How late the event loop ran since the last collection, percentile ${percentile}.`, seconds(delay.percentile(percentile)), 'seconds')),
    gauge('nodejs_eventloop_delay_max_seconds', 'The latest that the event loop ran since the last collection.', seconds(delay.max), 'seconds'),
    gauge('nodejs_eventloop_delay_mean_seconds', 'How late the event loop ran on average since the last collection.', seconds(delay.mean), 'seconds'),
  ]
}

const heapFamilies = (): MetricFamily[] => {
  const spaces = getHeapSpaceStatistics().map(space => ({ space, labels: { v8js_heap_space_name: space.space_name } }))
  return [
    {
      name: 'v8js_memory_heap_used_bytes', help: 'Heap in use, by space.', type: 'gauge', unit: 'bytes',
      samples: spaces.map(({ space, labels }) => ({ labels, value: space.space_used_size })),
    },
    {
      name: 'v8js_memory_heap_limit_bytes', help: 'Heap committed, by space.', type: 'gauge', unit: 'bytes',
      samples: spaces.map(({ space, labels }) => ({ labels, value: space.space_size })),
    },
  ]
}

const cgroupFamilies = (): MetricFamily[] => {
  const { memoryBytes, memoryLimitBytes, cpuLimitCores, cpuSeconds, throttledSeconds } = readCgroup()
  return [
    ...(memoryBytes === undefined ? [] : [gauge('container_memory_working_set_bytes', 'Memory that counts against the container.', memoryBytes, 'bytes')]),
    ...(memoryLimitBytes === undefined ? [] : [gauge('container_memory_limit_bytes', 'The memory the container may use.', memoryLimitBytes, 'bytes')]),
    ...(cpuLimitCores === undefined ? [] : [gauge('container_cpu_limit_cores', 'How many processors the container may use.', cpuLimitCores, 'cores')]),
    ...(cpuSeconds === undefined ? [] : [counter('container_cpu_usage_seconds_total', 'Processor time the container used.', cpuSeconds, 'seconds')]),
    ...(throttledSeconds === undefined ? [] : [counter('container_cpu_throttled_seconds_total', 'How long the container was held back at its limit.', throttledSeconds, 'seconds')]),
  ]
}
