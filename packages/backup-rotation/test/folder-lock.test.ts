import { openFolderStore } from '@hivekit/backup-rotation'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from './scratch.ts'

const bytes = Buffer.from('content')

test('one holder at a time, each with a greater fence; after release the old one can do nothing', async () => {
  const store = openFolderStore({ path: scratchFolder() })
  const first = await store.lock()
  await expect(store.lock()).rejects.toMatchObject({ code: 'conflict' })
  await first.write('a', bytes)
  await first[Symbol.asyncDispose]()
  await using second = await store.lock()
  expect(second.fence).toBeGreaterThan(first.fence)
  await expect(first.write('b', bytes)).rejects.toMatchObject({ code: 'conflict' })
  await expect(first.remove('a')).rejects.toMatchObject({ code: 'conflict' })
  expect(await store.stat('a')).toBeDefined()
})

test('of many claimants one wins each time', async () => {
  const path = scratchFolder()
  let held = 0
  const fences = await Promise.all(Array.from({ length: 12 }, async () => {
    await using lock = await openFolderStore({ path }).lock({ waitMs: 30_000 })
    expect(++held).toBe(1)
    await lock.write(`f${lock.fence}`, bytes)
    held--
    return lock.fence
  }))
  expect(new Set(fences).size).toBe(12)
})

test('a holder that was killed is recognised at once, not by its age; a living one is not taken over', async () => {
  const path = scratchFolder()
  const script = `import { openFolderStore } from '@hivekit/backup-rotation'; globalThis.kept = await openFolderStore({ path: ${JSON.stringify(path)} }).lock(); console.log('held'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--conditions=@hivekit/source', '--input-type=module', '-e', script], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise(resolve => child.stdout.once('data', resolve))
  const store = openFolderStore({ path })
  await expect(store.lock()).rejects.toMatchObject({ code: 'conflict' })
  const gone = new Promise(resolve => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
  await using lock = await store.lock()
  expect(lock.fence).toBe(2)
})

test('a process id that now belongs to another process does not pass for the holder', async () => {
  const path = scratchFolder()
  mkdirSync(join(path, '.lock'), { recursive: true })
  await (await openFolderStore({ path }).lock())[Symbol.asyncDispose]()
  const record = JSON.parse(readFileSync(join(path, '.lock/1'), 'utf8')) as { holder: { startedAt: string } }
  writeFileSync(join(path, '.lock/1'), JSON.stringify({ ...record, released: false, holder: { ...record.holder, startedAt: '1' } }))
  await using lock = await openFolderStore({ path }).lock()
  expect(lock.fence).toBe(2)
})

test('a holder on another machine is taken over only when it stood still for a whole lease, and then its writes fail', async () => {
  const path = scratchFolder()
  const store = openFolderStore({ path, leaseMs: 1_000 })
  const zombie = await store.lock()
  const file = join(path, '.lock', String(zombie.fence))
  const record = JSON.parse(readFileSync(file, 'utf8')) as { holder: object }
  // The holder seems to be elsewhere, and its clock decades off: only standing still counts.
  const elsewhere = (beat: number): void => writeFileSync(file, JSON.stringify({ ...record, beat, holder: { ...record.holder, host: `not-${hostname()}`, bootId: 'another' } }))
  elsewhere(1)
  await expect(openFolderStore({ path, leaseMs: 60_000 }).lock({ waitMs: 200 })).rejects.toMatchObject({ code: 'conflict' })
  const still = setInterval(() => elsewhere(1), 20)
  const successor = await openFolderStore({ path, leaseMs: 1_000 }).lock({ waitMs: 10_000 })
  clearInterval(still)
  await expect(zombie.write('late', bytes)).rejects.toMatchObject({ code: 'conflict' })
  expect(await store.stat('late')).toBeUndefined()
  await successor.write('late', bytes)
  await expect(zombie.remove('late')).rejects.toMatchObject({ code: 'conflict' })
  expect(await store.stat('late')).toBeDefined()
  await successor[Symbol.asyncDispose]()
  expect(readdirSync(join(path, '.staging')).filter(name => !name.startsWith('left-'))).toEqual([])
})
