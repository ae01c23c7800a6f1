import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { readMemory } from '@hivekit/capacity'
import { afterEach, expect, it } from 'vitest'

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

const machineWith = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'cgroup-'))
  roots.push(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}
const mib = 2 ** 20

it('reads cgroup v2 without the page cache', () => {
  const root = machineWith({
    'proc/self/cgroup': '0::/pod/app\n',
    'sys/fs/cgroup/pod/app/memory.current': `${300 * mib}\n`,
    'sys/fs/cgroup/pod/app/memory.max': `${512 * mib}\n`,
    'sys/fs/cgroup/pod/app/memory.stat': `anon 1\nfile 2\ninactive_file ${200 * mib}\nactive_file 3\n`,
  })
  expect(readMemory({ root })).toEqual({ usedBytes: 100 * mib, maxBytes: 512 * mib, source: 'cgroup2' })
})

it('lets the tightest ancestor bind when the group itself is unbounded', () => {
  const root = machineWith({
    'proc/self/cgroup': '0::/pod/app\n',
    'sys/fs/cgroup/pod/app/memory.current': `${10 * mib}`,
    'sys/fs/cgroup/pod/app/memory.max': 'max',
    'sys/fs/cgroup/pod/app/memory.stat': 'inactive_file 0',
    'sys/fs/cgroup/pod/memory.current': `${200 * mib}`,
    'sys/fs/cgroup/pod/memory.max': `${256 * mib}`,
    'sys/fs/cgroup/pod/memory.stat': 'inactive_file 0',
  })
  expect(readMemory({ root })).toEqual({ usedBytes: 200 * mib, maxBytes: 256 * mib, source: 'cgroup2' })
})

it('reads cgroup v1, where 2^63 means unbounded', () => {
  const bounded = machineWith({
    'proc/self/cgroup': '5:cpu,cpuacct:/x\n4:memory:/docker/1\n',
    'sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes': `${90 * mib}`,
    'sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes': `${128 * mib}`,
    'sys/fs/cgroup/memory/docker/1/memory.stat': `cache 1\ntotal_inactive_file ${20 * mib}\n`,
    'sys/fs/cgroup/memory/memory.usage_in_bytes': `${9000 * mib}`,
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
  })
  expect(readMemory({ root: bounded })).toEqual({ usedBytes: 70 * mib, maxBytes: 128 * mib, source: 'cgroup1' })
})

it('finds a container that sees its own group as the root', () => {
  const root = machineWith({
    'proc/self/cgroup': '0::/not/visible/here\n',
    'sys/fs/cgroup/memory.current': `${50 * mib}`,
    'sys/fs/cgroup/memory.max': `${64 * mib}`,
    'sys/fs/cgroup/memory.stat': 'inactive_file 0',
  })
  expect(readMemory({ root })).toMatchObject({ usedBytes: 50 * mib, maxBytes: 64 * mib })
})

it('falls back to the machine without a cgroup', () => {
  const reading = readMemory({ root: machineWith({}) })
  expect(reading).toMatchObject({ maxBytes: totalmem(), source: 'machine' })
  expect(reading.usedBytes).toBeGreaterThan(0)
})
