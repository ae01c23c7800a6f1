import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { join } from 'node:path'

/** The memory that counts: what the tightest cgroup above this process, or else the machine, has and uses. */
export interface MemoryReading {
  /** In use and not reclaimable at will, in bytes: `memory.current − inactive_file`, so that page cache is not mistaken for use. */
  readonly usedBytes: number
  /** The bound, in bytes: `memory.max` of the tightest cgroup, or all the memory of the machine. */
  readonly maxBytes: number
  /** Where the bound comes from. */
  readonly source: 'cgroup2' | 'cgroup1' | 'machine'
}

/**
 * Reads the memory bound and use: cgroup v2, then v1, each up its tree, then the machine. Costs tens of microseconds: sample it, do
 * not call it per decision. `root` stands in for `/`, for tests.
 *
 * @example
 * ```ts
 * import { readMemory } from '@hivekit/capacity'
 *
 * const { usedBytes, maxBytes } = readMemory()
 * usedBytes < maxBytes // true
 * ```
 */
export const readMemory = ({ root = '/' }: { readonly root?: string } = {}): MemoryReading => {
  const machine: MemoryReading = { usedBytes: totalmem() - freemem(), maxBytes: totalmem(), source: 'machine' }
  const lines = (readText(join(root, 'proc/self/cgroup')) ?? '').split('\n')
  const readings = lines.flatMap(line => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === undefined) return []
    if (controllers === '') return [...upTheTree(path)].flatMap(group => readV2(join(root, 'sys/fs/cgroup', group)) ?? [])
    if (!controllers?.split(',').includes('memory')) return []
    return [...upTheTree(path)].flatMap(group => readV1(join(root, 'sys/fs/cgroup/memory', group)) ?? [])
  })
  // The tightest is the one with the least room left, which need not be the one with the lowest bound.
  return readings
    .filter(reading => reading.maxBytes < machine.maxBytes)
    .reduce((a, b) => (b.maxBytes - b.usedBytes < a.maxBytes - a.usedBytes ? b : a), machine)
}

/** `/a/b` gives `/a/b`, `/a`, `/`: a parent's bound holds for its children. */
function* upTheTree(path: string): Generator<string> {
  const parts = path.split('/').filter(part => part !== '' && part !== '..')
  for (let depth = parts.length; depth >= 0; depth--) yield `/${parts.slice(0, depth).join('/')}`
}

const readV2 = (folder: string): MemoryReading | undefined =>
  reading('cgroup2', folder, ['memory.current', 'memory.max', 'inactive_file'])

const readV1 = (folder: string): MemoryReading | undefined =>
  reading('cgroup1', folder, ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'total_inactive_file'])

const reading = (
  source: 'cgroup2' | 'cgroup1',
  folder: string,
  [current, max, inactive]: readonly [string, string, string],
): MemoryReading | undefined => {
  // `max`, and v1's 2^63 rounded down to a page, mean unbounded: the caller drops what exceeds the machine.
  const maxBytes = Number(readText(join(folder, max)) ?? 'NaN')
  const currentBytes = Number(readText(join(folder, current)) ?? 'NaN')
  if (!Number.isFinite(maxBytes) || !Number.isFinite(currentBytes)) return undefined
  const stat = readText(join(folder, 'memory.stat')) ?? ''
  const cached = Number(new RegExp(`^${inactive} (\\d+)`, 'm').exec(stat)?.[1] ?? 0)
  return { usedBytes: Math.max(0, currentBytes - cached), maxBytes, source }
}

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
