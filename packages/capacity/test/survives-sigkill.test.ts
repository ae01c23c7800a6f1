import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openJobStore } from '@hivekit/capacity'
import { afterAll, expect, it } from 'vitest'

const soak = Number(process.env['HIVEKIT_SOAK'] ?? 1)
const folder = mkdtempSync(join(tmpdir(), 'capacity-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = (mode: 'submit' | 'drain', first: number, onLine: (line: string, kill: () => void) => void): Promise<number | null> => {
  const script = join(import.meta.dirname, 'programs/durable-process.ts')
  const child = spawn(process.execPath, ['--conditions=@hivekit/source', script, mode, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line, () => child.kill('SIGKILL'))
  })
  return new Promise(resolve => child.on('close', resolve))
}

it(`loses no job that was admitted, over ${5 * soak} kills, and accounts for all`, async () => {
  const admitted = new Set<number>()
  for (let round = 0; round < 5 * soak; round++) {
    const first = round * 1_000_000
    const killAfter = 50 + Math.floor(Math.random() * 1000)
    let seen = 0
    await run('submit', first, (line, kill) => {
      admitted.add(Number(line.slice(3)))
      if (++seen === killAfter) kill()
    })
    expect(seen).toBeGreaterThanOrEqual(killAfter)
    const store = openJobStore({ file: join(folder, 'jobs.db') })
    const { put, done, cancelled, dead, waiting, leased } = await store.counts()
    expect(done + cancelled + dead + waiting + leased).toBe(put)
    expect(put).toBeGreaterThanOrEqual(admitted.size)
    expect(leased).toBe(0)
    await store[Symbol.asyncDispose]()
  }
  expect(await run('drain', 0, () => {})).toBe(0)
  const log = readFileSync(join(folder, 'done.log'), 'utf8').trim().split('\n')
  const finished = new Set(log.map(line => Number(line.split(' ')[0])))
  expect([...admitted].filter(n => !finished.has(n))).toEqual([])
  // Some were running when the process died: they are known to be at their second attempt.
  expect(log.some(line => Number(line.split(' ')[1]) > 1)).toBe(true)
}, 60_000 * soak)
