import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { makeReadOnly, smallDisk } from './small-disk.ts'
import { startHive, temporaryFolder, type RunningHive } from './start-hive.ts'

const bots = [{ id: 'echo', command: ['node', join(import.meta.dirname, 'agents', 'echo.ts')] }]

test('a full disk is told plainly, refuses what it cannot keep, and is forgotten once there is room', async () => {
  const disk = smallDisk()
  await using hive = await startHive({ bots, dataDir: disk.folder })
  const session = (await call(hive, 'POST', '/api/bots/echo/sessions', {})).body.id as string
  const promised = new Set<string>()
  const say = async (text: string) => {
    const answer = await call(hive, 'POST', `/api/sessions/${session}/messages`, { text })
    if (answer.status === 202) promised.add(answer.body.messageId as string)
    return answer
  }
  const everything = async () => (await call(hive, 'GET', `/api/sessions/${session}/messages?limit=1000`)).body.items as Message[]
  const settled = () => expect.poll(async () => (await everything()).every(({ state }) => state !== 'pending' && state !== 'streaming'), { timeout: 20_000 }).toBe(true)

  expect((await say('hello')).status).toBe(202)
  await settled()
  expect((await call(hive, 'GET', '/readyz')).status).toBe(200)

  disk.fill(hive.pid)
  // What SQLite has set aside may still take a few.
  let refused = await say('x'.repeat(20_000))
  for (let i = 0; i < 200 && refused.status === 202; i++) refused = await say('x'.repeat(20_000))
  const { status, code } = disk.refusal
  expect(refused).toMatchObject({ status, type: 'application/problem+json', body: { code } })
  expect(await call(hive, 'GET', '/readyz')).toMatchObject({ status: expect.toBeOneOf([503, 507]), body: { code } })
  expect((await call(hive, 'GET', '/livez')).status).toBe(200)
  expect((await everything()).some(({ id }) => promised.has(id))).toBe(true)

  disk.free(hive.pid)
  await expect.poll(async () => (await call(hive, 'GET', '/readyz')).status, { timeout: 10_000 }).toBe(200)
  expect((await say('again')).status).toBe(202)
  await expect.poll(async () => (await everything()).at(-1), { timeout: 20_000 }).toMatchObject({ role: 'bot', state: 'complete', parts: [{ text: 'again' }] })

  hive.kill('SIGTERM')
  expect(await hive.exited).toBe(0)
  expect(integrityOf(disk.folder)).toBe('ok')
  await using next = await startHive({ bots, dataDir: disk.folder })
  const kept = (await call(next, 'GET', `/api/sessions/${session}/messages?limit=1000`)).body.items as Message[]
  const ids = kept.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect([...promised].filter(id => !ids.includes(id))).toEqual([])
  expect(kept.filter(({ state }) => state === 'streaming')).toEqual([])
})

test('a data folder that cannot be written to is named, and nothing in it is touched', async () => {
  const dataDir = temporaryFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))
  const first = await startHive({ bots, dataDir })
  await call(first, 'POST', '/api/bots/echo/sessions', {})
  first.kill('SIGTERM')
  expect(await first.exited).toBe(0)
  const before = contentsOf(dataDir)

  makeReadOnly(dataDir)
  const error = await startHive({ dataDir }).then(
    hive => hive[Symbol.asyncDispose]().then(() => ({ status: 'started' })),
    (failure: Error & { status: number }) => failure,
  )
  expect(error).toMatchObject({ status: 1, message: expect.stringContaining(dataDir) })
  expect(error).toMatchObject({ message: expect.not.stringContaining(' at ') })
  expect(contentsOf(dataDir)).toEqual(before)
})

interface Message {
  readonly id: string
  readonly role: string
  readonly state: string
  readonly parts: readonly { readonly text: string }[]
}

const call = async (hive: RunningHive, method: string, path: string, body?: object) => {
  const response = await fetch(hive.url + path, {
    method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  return { status: response.status, type, body: await response.json() as Record<string, unknown> }
}

const integrityOf = (dataDir: string) => {
  using database = new DatabaseSync(join(dataDir, 'sessions.db'))
  return (database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check
}

const contentsOf = (folder: string) => Object.fromEntries(readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => {
    const file = join(entry.parentPath, entry.name)
    return [file, createHash('sha256').update(readFileSync(file)).digest('hex')]
  }))
