import { createServer } from 'node:net'
import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { echoBot, startHive, temporaryFolder } from './start-hive.ts'

const failure = async (options: Parameters<typeof startHive>[0]) => {
  const started = startHive(options)
  try {
    await using hive = await started
    throw new Error(`It started at ${hive.url}.`)
  } catch (error) {
    return error as Error & { status: number }
  }
}

test('a taken port is named, and the exit code is 1', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.on('listening', resolve))
  const { port } = server.address() as { port: number }
  const error = await failure({ env: { HIVE_PORT: String(port) } })
  expect(error).toMatchObject({ status: 1, message: expect.stringContaining(`Port ${port} on 127.0.0.1 is taken`) })
  server.close()
})

test('an address that others can reach needs a token', async () => {
  expect(await failure({ env: { HIVE_HOST: '0.0.0.0' } })).toMatchObject({ status: 1, message: expect.stringContaining('HIVE_TOKEN is not set') })
})

test.each([
  [{ HIVE_PORT: 'http' }, 'HIVE_PORT must be a whole number from 0 to 65535, got "http".'],
  [{ HIVE_BACKUP_HOURS: 'daily' }, 'HIVE_BACKUP_HOURS must be a number from 0 to 8760, got "daily".'],
  [{ HIVE_CONFIG: '/nowhere/hive.config.json' }, 'Cannot read /nowhere/hive.config.json'],
])('%j is refused in plain words', async (env, message) => {
  expect(await failure({ env })).toMatchObject({ status: 1, message: expect.stringContaining(message) })
})

test('a wrong configuration file says where it is wrong', async () => {
  const error = await failure({ bots: [{ id: 'x', command: 'node', maxConcurent: 3 }] })
  expect(error.message).toMatch(/maxConcurent/)
})

test('an unknown argument shows the usage and exits with 2; --help exits with 0', async () => {
  expect(await failure({ args: ['--prot', '1'] })).toMatchObject({ status: 2, message: expect.stringContaining('Usage: npm start') })
  expect(await failure({ args: ['--help'] })).toMatchObject({ status: 0, message: expect.stringContaining('HIVE_DATA_DIR') })
})

test('a data folder in use by another hive is refused', async () => {
  await using first = await startHive()
  expect(await failure({ dataDir: first.dataDir })).toMatchObject({ status: 1, message: expect.stringContaining('in use by another hive') })
})

test('with a token everything asks for it, and a browser gets a cookie for it', async () => {
  await using hive = await startHive({ env: { HIVE_TOKEN: 'a long secret' } })
  const status = async (path: string, headers: Record<string, string> = {}) => (await fetch(hive.url + path, { headers })).status
  expect(await status('/api/bots')).toBe(401)
  expect(await status('/metrics')).toBe(401)
  expect(await status('/livez')).toBe(200)
  expect(await status('/api/bots', { authorization: 'Bearer wrong' })).toBe(401)
  expect(await status('/api/bots', { authorization: 'Bearer a long secret' })).toBe(200)
  const signIn = (token: string) => fetch(`${hive.url}/api/sign-in`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  expect((await signIn('wrong')).status).toBe(401)
  const cookie = (await signIn('a long secret')).headers.get('set-cookie')!
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
  expect(cookie).not.toContain('secret')
  const guesses = await Promise.all(Array.from({ length: 10 }, () => signIn('guess')))
  expect(guesses.at(-1)!.status).toBe(429)
  expect(Number(guesses.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await status('/api/bots', { cookie: cookie.split(';')[0]! })).toBe(200)
})

test('SIGTERM lets a reply in flight end, keeps what waits for the next start, and exits with 0', async () => {
  const dataDir = temporaryFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const bots = [echoBot({ delayMs: 300, maxConcurrent: 1 })]
  const hive = await startHive({ bots, dataDir })
  const call = async (url: string, method = 'GET', body?: unknown) =>
    (await fetch(url, { method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}) })).json() as Promise<{ id: string; items: { state: string }[] }>
  const session = (await call(`${hive.url}/api/bots/echo/sessions`, 'POST', {})).id
  for (const text of ['first', 'second']) await call(`${hive.url}/api/sessions/${session}/messages`, 'POST', { text })
  hive.kill('SIGTERM')
  expect(await hive.exited).toBe(0)

  await using again = await startHive({ bots, dataDir })
  await expect.poll(async () => (await call(`${again.url}/api/sessions/${session}/messages`)).items.map(({ state }) => state), { timeout: 10_000 })
    .toEqual(['complete', 'complete', 'complete', 'complete'])
})
