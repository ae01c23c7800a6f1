import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { openBackupVault } from '@hivekit/backup-rotation'
import { openSessionStore, textOf } from '@hivekit/chat-session'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createHiveClient } from '../src/client/client.ts'
import { dataOf } from '../src/client/data-of.ts'
import { echoBot, startHive, type RunningHive } from './start-hive.ts'

let hive: RunningHive
let client: ReturnType<typeof createHiveClient>

beforeAll(async () => {
  hive = await startHive({ bots: [echoBot()], env: { HIVE_BACKUP_HOURS: '0' } })
  client = createHiveClient({ url: hive.url })
  await vi.waitFor(async () => expect(dataOf(await client.GET('/api/bots')).items.every(({ state }) => state === 'ready')).toBe(true), 15_000)
})
afterAll(() => hive[Symbol.asyncDispose]())

const begin = async (botId: string) => dataOf(await client.POST('/api/bots/{botId}/sessions', { params: { path: { botId } }, body: {} })).id
const say = async (sessionId: string, text: string) => {
  const last = async () => dataOf(await client.GET('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } } })).items.at(-1)
  dataOf(await client.POST('/api/sessions/{sessionId}/messages', { params: { path: { sessionId } }, body: { text } }))
  await expect.poll(async () => (await last())?.state, { timeout: 10_000 }).toBe('complete')
  return (await last())!.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}
const list = async () => dataOf(await client.GET('/api/backups')).items
const make = async () => dataOf(await client.POST('/api/backups'))
const verify = (backupId: string) => client.POST('/api/backups/{backupId}/verify', { params: { path: { backupId } } })

test('a backup of the running hive, restored, holds its messages and configuration', async () => {
  expect(await list()).toEqual([])
  const session = await begin('echo')
  await say(session, 'remember me')
  const made = await make()
  expect(made).toMatchObject({ state: 'verified', sources: expect.arrayContaining(['sessions.db', 'hive.config.json']) })
  await say(session, 'too late')
  expect(dataOf(await verify(made.id))).toMatchObject({ id: made.id, state: 'verified' })
  expect(await list()).toMatchObject([{ id: made.id }])

  await using vault = openBackupVault({ store: join(hive.dataDir, 'backups') })
  const into = join(hive.dataDir, 'restored')
  expect((await vault.restore({ id: made.id, into })).isOk()).toBe(true)
  expect(readdirSync(into)).toContain('hive.config.json')
  await using store = (await openSessionStore({ path: join(into, 'sessions.db') }))._unsafeUnwrap()
  const { items } = (await store.forBot('echo').messages(session))._unsafeUnwrap()
  expect(items.map(message => [message.role, textOf(message)])).toEqual([['user', 'remember me'], ['bot', 'remember me']])
})

test('old backups go: the last three stay, and the oldest while there are none of the days before', async () => {
  const oldest = (await list())[0]!.id
  const made: string[] = []
  for (let i = 0; i < 5; i++) made.push((await make()).id)
  expect((await list()).map(({ id }) => id)).toEqual([...made.slice(-3).toReversed(), oldest])
})

test('two who want one at once get the same', async () => {
  const [one, two] = await Promise.all([make(), make()])
  expect(one.id).toBe(two.id)
})

test('the keeper lists, makes and verifies', async () => {
  const keeper = await begin('keeper')
  const id = /`(.*?)`/.exec(await say(keeper, '/backup now'))![1]!
  expect((await list())[0]).toMatchObject({ id, state: 'verified' })
  expect(await say(keeper, '/backup list')).toContain(id)
  expect(await say(keeper, `/backup verify ${id}`)).toContain('is **verified**.')
  expect(await say(keeper, '/backup verify')).toContain('Which one?')
  expect(await say(keeper, '/backup away')).toContain('`/backup verify <id>`')
})

test('a damaged backup is found out, and an unknown one is not found', async () => {
  const { id } = await make()
  const folder = join(hive.dataDir, 'backups')
  const archive = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.includes(id) && name.includes('.tar'))
  expect(archive).toHaveLength(1)
  truncateSync(join(folder, archive[0]!), 100)
  const verified = dataOf(await verify(id))
  expect(verified.state).toBe('corrupt')
  expect(verified.finding).toContain('100 bytes')
  expect((await verify('nothing')).error).toMatchObject({ status: 404, code: 'not_found' })
})

test('backups are made by themselves when they are due', async () => {
  await using other = await startHive({ bots: [echoBot()], env: { HIVE_BACKUP_HOURS: '0.0002' } })
  const its = createHiveClient({ url: other.url })
  await expect.poll(async () => dataOf(await its.GET('/api/backups')).items.length, { timeout: 15_000 }).toBeGreaterThan(1)
  other.kill('SIGTERM')
  expect(await other.exited).toBe(0)
  expect(other.output()).not.toContain('backup')
}, 30_000)
