import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSessionStore } from '@hivekit/chat-session'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { codeOf, must } from './must.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  path = join(folder, 'sessions.db')
})
afterEach(() => rm(folder, { recursive: true }))

it('refuses a file that is no database, another program\'s database and a newer schema, and says which', async () => {
  await writeFile(path, 'not a database, whatever its name says'.repeat(100))
  expect(codeOf(await openSessionStore({ path }))).toBe('data_corrupt')
  await rm(path)
  let db = new DatabaseSync(path)
  db.exec('CREATE TABLE theirs (x)')
  db.close()
  expect(codeOf(await openSessionStore({ path }))).toBe('invalid_argument')
  await rm(path)
  await must(await openSessionStore({ path }))[Symbol.asyncDispose]()
  db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 999')
  db.close()
  const newer = await openSessionStore({ path })
  expect(codeOf(newer)).toBe('unsupported')
  expect(newer.isErr() && newer.error.message).toContain('schema 999')
})

it('says unavailable where the file cannot be', async () => {
  await writeFile(join(folder, 'file'), '')
  expect(codeOf(await openSessionStore({ path: join(folder, 'file', 'sessions.db') }))).toBe('unavailable')
  await mkdir(join(folder, 'folder.db'))
  expect(codeOf(await openSessionStore({ path: join(folder, 'folder.db') }))).toBe('unavailable')
})

it('says unavailable while another process holds the lock, and goes on when it lets go', async () => {
  await using store = must(await openSessionStore({ path, busyTimeoutMs: 50 }))
  const door = store.forBot('a')
  const { id } = must(await door.create())
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  expect(codeOf(await store.checkWritable())).toBe('unavailable')
  expect(codeOf(await door.append(id, { role: 'user', parts: [] }))).toBe('unavailable')
  expect(must(await door.get(id)).messageCount).toBe(0)
  other.exec('ROLLBACK')
  other.close()
  must(await store.checkWritable())
  expect(must(await door.append(id, { role: 'user', parts: [] })).seq).toBe(1)
})

it('says storage_full when the database may not grow, keeps what it has, and goes on when there is room', async () => {
  const small = must(await openSessionStore({ path, maxDatabaseBytes: 400_000 }))
  const door = small.forBot('a')
  const { id } = must(await door.create())
  const parts = [{ type: 'text', text: 'x'.repeat(10_000) }]
  let stored = 0
  for (;;) {
    const result = await door.append(id, { role: 'user', parts })
    if (result.isErr()) {
      expect(codeOf(result)).toBe('storage_full')
      break
    }
    stored++
  }
  expect(stored).toBeGreaterThan(3)
  expect(must(await door.messages(id)).items.length).toBe(stored)
  expect(must(await small.checkIntegrity()).ok).toBe(true)
  await small[Symbol.asyncDispose]()
  await using larger = must(await openSessionStore({ path }))
  expect(must(await larger.forBot('a').append(id, { role: 'user', parts })).seq).toBe(stored + 1)
})

it('lets a finished reply be finished again when the first try found the disk full', async () => {
  await using store = must(await openSessionStore({ path, maxDatabaseBytes: 200_000, checkpointMs: 60_000 }))
  const door = store.forBot('a')
  const { id } = must(await door.create())
  const { reply } = must(await door.ask(id, { parts: [{ type: 'text', text: 'Go' }] }))
  const writer = must(await door.openReply(id, reply.id))
  writer.appendText('y'.repeat(400_000))
  expect(codeOf(await writer.finish({ state: 'complete' }))).toBe('storage_full')
  expect(writer.current().state).toBe('streaming')
  expect(must(await door.message(id, reply.id)).state).toBe('streaming')
  writer.setPart(0, { type: 'text', text: 'shorter' })
  expect(must(await writer.finish({ state: 'complete' })).parts).toEqual([{ type: 'text', text: 'shorter' }])
})

it('commits the good writes of a batch when one of them is refused', async () => {
  await using store = must(await openSessionStore({ path }))
  const door = store.forBot('a')
  const { id } = must(await door.create())
  const outcomes = await Promise.all([
    door.append(id, { role: 'user', parts: [] }),
    door.append('00000000-0000-7000-8000-000000000000', { role: 'user', parts: [] }),
    door.append(id, { role: 'user', parts: [] }),
  ])
  expect(outcomes.map(o => (o.isOk() ? o.value.seq : o.error.code))).toEqual([1, 'not_found', 2])
})

it('finds damage', async () => {
  const store = must(await openSessionStore({ path }))
  const { id } = must(await store.forBot('a').create())
  for (let i = 0; i < 5; i++) must(await store.forBot('a').append(id, { role: 'user', parts: [] }))
  await store[Symbol.asyncDispose]()
  const db = new DatabaseSync(path)
  db.exec('DELETE FROM messages WHERE seq = 3')
  db.close()
  await using damaged = must(await openSessionStore({ path }))
  expect(must(await damaged.checkIntegrity())).toMatchObject({ ok: false, problems: [expect.stringContaining('session 1')] })
})

it('opens whatever flags the process was started with', () => {
  const code = `import { openSessionStore } from '@hivekit/chat-session'
    const opened = await openSessionStore({ path: ${JSON.stringify(path)} })
    console.log(opened.isOk())
    if (opened.isOk()) await opened.value[Symbol.asyncDispose]()`
  const flags = ['--expose-gc', '--max-old-space-size=512', '-C', '@hivekit/source', '--input-type=module', '--eval', code]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8' })
  expect([stdout.trim(), stderr]).toEqual(['true', ''])
})
