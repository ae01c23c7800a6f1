import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the container (cgroup v2, else v1) grants this process and what it has used; absent where there is no limit or no cgroup. */
export interface CgroupReading {
  /** Memory that counts against the limit, bytes: page cache that can be dropped left out. */
  readonly memoryBytes?: number
  /** The limit of memory, bytes. */
  readonly memoryLimitBytes?: number
  /** How many processors' time the group may use. */
  readonly cpuLimitCores?: number
  /** Processor time the group has used, seconds. */
  readonly cpuSeconds?: number
  /** How long the group was held back at its limit, seconds. */
  readonly throttledSeconds?: number
}

const text = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
const number = (value: string | undefined): number | undefined => {
  const parsed = value === undefined || value === '' || value === 'max' ? Number.NaN : Number(value)
  // v1 writes "no limit" as a number near 2^63.
  return Number.isFinite(parsed) && parsed < 2 ** 60 ? parsed : undefined
}
const field = (stat: string | undefined, name: string): number | undefined =>
  number(stat?.split('\n').find(line => line.startsWith(`${name} `))?.slice(name.length + 1))

/** Reads the group this process is in. About 0.1 ms: a handful of small files. */
export const readCgroup = (root = '/sys/fs/cgroup', self = '/proc/self/cgroup'): CgroupReading => {
  const groups = (text(self) ?? '').split('\n').map(line => line.split(':'))
  const reading = groups.some(([id]) => id === '0') && text(join(root, 'cgroup.controllers')) !== undefined
    ? readV2(root, groups.find(([id]) => id === '0')?.[2] ?? '/')
    : readV1(root)
  return Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined)) as CgroupReading
}

const readV2 = (root: string, path: string) => {
  // Inside a container the group is mounted as the root itself.
  const folder = [join(root, path), root].find(f => text(join(f, 'cpu.stat')) !== undefined) ?? root
  const cpu = text(join(folder, 'cpu.stat'))
  const [quota, period] = (text(join(folder, 'cpu.max')) ?? '').split(' ')
  const used = number(text(join(folder, 'memory.current')))
  const cores = number(quota)
  return {
    memoryBytes: used === undefined ? undefined : used - (field(text(join(folder, 'memory.stat')), 'inactive_file') ?? 0),
    memoryLimitBytes: number(text(join(folder, 'memory.max'))),
    cpuLimitCores: cores === undefined ? undefined : cores / (number(period) ?? 100_000),
    cpuSeconds: micro(field(cpu, 'usage_usec')),
    throttledSeconds: micro(field(cpu, 'throttled_usec')),
  }
}

const readV1 = (root: string) => {
  const used = number(text(join(root, 'memory/memory.usage_in_bytes')))
  const quota = number(text(join(root, 'cpu/cpu.cfs_quota_us')))
  const nanoseconds = number(text(join(root, 'cpuacct/cpuacct.usage')))
  const throttled = field(text(join(root, 'cpu/cpu.stat')), 'throttled_time')
  return {
    memoryBytes: used === undefined ? undefined : used - (field(text(join(root, 'memory/memory.stat')), 'total_inactive_file') ?? 0),
    memoryLimitBytes: number(text(join(root, 'memory/memory.limit_in_bytes'))),
    cpuLimitCores: quota === undefined || quota <= 0 ? undefined : quota / (number(text(join(root, 'cpu/cpu.cfs_period_us'))) ?? 100_000),
    cpuSeconds: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
    throttledSeconds: throttled === undefined ? undefined : throttled / 1e9,
  }
}

const micro = (value: number | undefined) => (value === undefined ? undefined : value / 1e6)
