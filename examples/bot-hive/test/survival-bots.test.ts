import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { alive, gone } from './bot-fixture.ts'
import { startHive, temporaryFolder, type RunningHive } from './start-hive.ts'

const agent = (file: string) => ['node', join(import.meta.dirname, 'agents', file)]
const trouble = (id: string, own: object = {}) => ({ id, command: agent('trouble.ts'), ...own })

let hive: RunningHive

beforeAll(async () => {
  hive = await startHive({
    bots: [
      { id: 'good', command: agent('echo.ts') },
      { id: 'missing', command: 'no-such-program-here' },
      trouble('exits'), trouble('garbage'), trouble('floods'), trouble('chatters'),
      trouble('freezes', { replyTimeoutMs: 1_000 }),
      trouble('late', { env: { ON_CANCEL: 'late' } }),
    ],
  })
})
afterAll(() => hive[Symbol.asyncDispose]())

interface Message {
  readonly state: string
  readonly error?: { readonly code: string, readonly message: string }
  readonly parts: readonly { readonly text: string }[]
}

const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
  const response = await fetch(hive.url + path, {
    method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  return response.json() as Promise<T>
}
const open = async (bot: string) => (await call<{ id: string }>('POST', `/api/bots/${bot}/sessions`, {})).id
const say = (session: string, text: string) => call<{ replyId?: string, code?: string, detail?: string }>('POST', `/api/sessions/${session}/messages`, { text })
const messagesOf = async (session: string) => (await call<{ items: Message[] }>('GET', `/api/sessions/${session}/messages`)).items
const textOf = (message: Message | undefined) => message?.parts.map(({ text }) => text).join('')
const stateOf = (bot: string) => call<{ state: string, reason?: string, restarts: number }>('GET', `/api/bots/${bot}`)

/** Says something and waits for the reply to be in its last state. */
const ask = async (session: string, text: string): Promise<Message> => {
  await say(session, text)
  let reply: Message | undefined
  await expect.poll(async () => (reply = (await messagesOf(session)).at(-1))?.state, { timeout: 20_000 }).toBeOneOf(['complete', 'failed', 'cancelled'])
  return reply!
}

describe('through the whole hive', () => {
  test('bots that exit, print garbage, flood, chatter and freeze at once hurt nobody else', { timeout: 60_000 }, async () => {
    const done = new AbortController()
    let answered = 0
    const others = Array.from({ length: 4 }, async () => {
      const session = await open('good')
      while (!done.signal.aborted) {
        expect(await ask(session, `hello ${answered}`)).toMatchObject({ state: 'complete' })
        answered++
      }
      return session
    })
    const [exits, garbage, floods, chatters, freezes] = await Promise.all([
      open('exits').then(session => ask(session, 'exit 3')),
      open('garbage').then(session => ask(session, 'garbage')),
      open('floods').then(session => ask(session, 'flood')),
      open('chatters').then(session => ask(session, 'chatter')),
      open('freezes').then(session => ask(session, 'freeze')),
    ])
    done.abort()
    const sessions = await Promise.all(others)

    expect(exits).toMatchObject({ state: 'failed', error: { code: 'dependency_failed', message: 'Exited with code 3: out of cheese' } })
    expect(textOf(exits)).toBe('Before the end.')
    expect(garbage).toMatchObject({ state: 'complete' })
    expect(textOf(garbage)).toBe('Still here.')
    expect(floods.error?.message).toContain('Flooded its stdout')
    expect(chatters).toMatchObject({ state: 'failed', error: { code: 'too_large' } })
    expect(freezes).toMatchObject({ state: 'failed', error: { code: 'timeout', message: 'No progress for 1 s; the reply was given up.' } })
    expect(answered).toBeGreaterThan(20)
    for (const session of sessions) {
      const messages = await messagesOf(session)
      messages.forEach((message, i) => i % 2 === 1 && expect(textOf(message)).toBe(textOf(messages[i - 1])))
    }
    for (const bot of ['exits', 'freezes']) {
      await expect.poll(async () => (await stateOf(bot)).state, { timeout: 10_000 }).toBe('ready')
      expect((await stateOf(bot)).restarts).toBe(1)
    }
    const log = await call<{ items: { text: string }[] }>('GET', '/api/bots/garbage/log')
    expect(log.items[0]?.text).toBe('Hello from a library that prints!')
  })

  test.skipIf(process.platform !== 'linux')('a bot that outlived a hive that was killed is ended by the next', async () => {
    const dataDir = temporaryFolder()
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))
    const bots = [trouble('frozen', { heartbeat: false })]
    const first = await startHive({ bots, dataDir })
    const of = async (url: string) => {
      const { items } = await (await fetch(`${url}/api/bots`)).json() as { items: { id: string, state: string, pid?: number }[] }
      return items.find(({ id }) => id === 'frozen')!
    }
    await expect.poll(async () => (await of(first.url)).state).toBe('ready')
    const { pid } = await of(first.url)
    process.kill(pid!, 'SIGSTOP')
    first.kill('SIGKILL')
    await first.exited
    expect(alive(pid!)).toBe(true)
    await using second = await startHive({ bots, dataDir })
    await gone(pid!)
    await expect.poll(async () => (await of(second.url)).state).toBe('ready')
  })

  test('what a bot says after it was cancelled lands nowhere', async () => {
    const session = await open('late')
    await say(session, 'late')
    await expect.poll(async () => textOf((await messagesOf(session)).at(-1))).toBe('Wait for it.')
    await call('POST', `/api/sessions/${session}/cancel`)
    await expect.poll(async () => (await messagesOf(session)).at(-1)?.state).toBe('cancelled')
    expect(textOf(await ask(session, 'next'))).toBe('next')
    expect((await messagesOf(session)).map(textOf)).toEqual(['late', 'Wait for it.', 'next', 'next'])
  })

  test('a bot whose program there is not says so, to the list and to whoever writes to it', async () => {
    expect(await stateOf('missing')).toMatchObject({ state: 'stopped', reason: 'No such program: no-such-program-here', restarts: 0 })
    const refused = await say(await open('missing'), 'hello')
    expect(refused.detail).toContain('No such program: no-such-program-here')
    const launched = await call<{ detail: string }>('POST', '/api/bots/missing/launch')
    expect(launched.detail).toBe('No such program: no-such-program-here')
  })

  test('the keeper shows it and operates it', async () => {
    const session = await open('keeper')
    const status = textOf(await ask(session, '/status'))!
    expect(status).toContain('| missing | stopped | 0 of 4 | 0 | 0 | – | No such program: no-such-program-here |')
    expect(textOf(await ask(session, '/stop good'))).toBe('**good** is stopped.')
    expect(await stateOf('good')).toMatchObject({ state: 'stopped' })
    expect(textOf(await ask(session, '/launch good'))).toBe('**good** is ready.')
    expect(textOf(await ask(session, '/health'))).toMatch(/^The hive is \*\*ready\*\*/)
    expect(textOf(await ask(session, '/metrics'))).toMatch(/^\| Metric \| Labels \| Value \|/)
    expect(textOf(await ask(session, '/log garbage'))).toContain('Hello from a library that prints!')
    expect(textOf(await ask(session, '/bots'))).toContain('`/shout what` Says it louder.')
  })
})
