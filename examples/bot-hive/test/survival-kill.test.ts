import { randomUUID } from 'node:crypto'
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as after } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { gone } from './bot-fixture.ts'
import { startHive, temporaryFolder, type RunningHive } from './start-hive.ts'

/** 5 by default, 200 with HIVEKIT_SOAK=40. */
const kills = Math.round(5 * Number(process.env.HIVEKIT_SOAK ?? 1))
const users = 12
/** Random, but the same for the same seed. */
const seed = Number(process.env.HIVEKIT_SEED ?? Math.floor(Math.random() * 2 ** 31))

interface Message {
  readonly id: string
  readonly seq: number
  readonly role: string
  readonly state: string
  readonly parts: readonly { readonly text: string }[]
}
interface Person {
  readonly sessionId: string
  /** What was answered 202, by the text, which is never said twice. */
  readonly acknowledged: Map<string, string>
  /** Sent, but nobody knows what became of it. */
  unsure: { readonly text: string, readonly key: string } | undefined
}

test(`SIGKILL under load, ${kills} times (seed ${seed}): nothing that was answered 202 is missing, doubled or stuck`, { timeout: 60_000 + kills * 5_000 }, async () => {
  const dataDir = temporaryFolder()
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }))
  const random = generator(seed)
  const bots = [
    { id: 'quick', command: ['node', join(import.meta.dirname, 'agents', 'echo.ts')], maxConcurrent: 8 },
    { id: 'slow', command: ['node', join(import.meta.dirname, 'agents', 'echo.ts')], env: { DELAY_MS: '60' }, maxConcurrent: 2 },
  ]

  let hive: RunningHive = await startHive({ bots, dataDir })
  const people = await Promise.all(Array.from({ length: users }, async (_, i): Promise<Person> => ({
    sessionId: (await post(`${hive.url}/api/bots/${i % 2 ? 'quick' : 'slow'}/sessions`, {})).body.id,
    acknowledged: new Map(),
    unsure: undefined,
  })))

  for (let kill = 0; kill < kills; kill++) {
    const killing = new AbortController()
    const talking = people.map(person => talk(hive.url, person, killing.signal))
    await after(random() * 500)
    const pids = (await read<{ items: { pid?: number }[] }>(`${hive.url}/api/bots`)).items.flatMap(({ pid }) => pid ?? [])
    hive.kill('SIGKILL')
    await hive.exited
    killing.abort()
    await Promise.all(talking)
    await Promise.all(pids.map(gone))
    expect(integrityOf(dataDir)).toBe('ok')

    hive = await startAgain({ bots, dataDir }, random)
    const messages = await Promise.all(people.map(({ sessionId }) => all(hive.url, sessionId)))
    people.forEach((person, i) => verify(person, messages[i]!))
  }

  await Promise.all(people.map(person => repeat(hive.url, person)))
  const settled = () => Promise.all(people.map(async ({ sessionId }) => (await all(hive.url, sessionId))
    .filter(({ state }) => state === 'pending' || state === 'streaming').length))
  await expect.poll(settled, { timeout: 60_000, interval: 200 }).toEqual(people.map(() => 0))
  for (const person of people) {
    const messages = await all(hive.url, person.sessionId)
    verify(person, messages)
    const said = messages.filter(({ role }) => role === 'user')
    expect(said.map(textOf).toSorted()).toEqual([...person.acknowledged.keys()].toSorted())
    // Whoever asked is answered: with the echo, or, where the hive died in the middle of it, with the reason.
    messages.forEach((message, i) => {
      if (message.role !== 'bot') return
      expect(['complete', 'failed']).toContain(message.state)
      if (message.state === 'complete') expect(textOf(message)).toBe(textOf(messages[i - 1]!))
    })
  }
  hive.kill('SIGTERM')
  expect(await hive.exited).toBe(0)
  expect(integrityOf(dataDir)).toBe('ok')
  const total = people.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)
  expect(total).toBeGreaterThan(kills * users)
})

/** Says one thing after another until the hive is killed, and is unsure of the last. */
const talk = async (url: string, person: Person, killed: AbortSignal) => {
  while (!killed.aborted) {
    try {
      const ahead = await repeat(url, person)
      // A line of some length is wanted, an endless one is not: it would have to be served in the end.
      await after(ahead * 20, undefined, { signal: killed })
      person.unsure = { text: `message ${randomUUID()}`, key: randomUUID() }
    } catch {
      return
    }
  }
}

/** Says again what nobody answered, with the same key. Answers how many messages the bot has to answer first. */
const repeat = async (url: string, person: Person): Promise<number> => {
  if (!person.unsure) return 0
  const { text, key } = person.unsure
  const { status, body } = await post(`${url}/api/sessions/${person.sessionId}/messages`, { text }, { 'idempotency-key': key })
  if (status !== 202) throw new Error(`Answered ${status}: ${JSON.stringify(body)}`)
  person.acknowledged.set(text, body.messageId)
  person.unsure = undefined
  return body.ahead
}

/** Everything that was promised is there once, in place, and nothing is still being written by the dead. */
const verify = ({ acknowledged }: Person, messages: readonly Message[]) => {
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, i) => i + 1))
  const said = messages.filter(({ role }) => role === 'user')
  expect(new Set(said.map(textOf)).size).toBe(said.length)
  const byText = new Map(said.map(message => [textOf(message), message.id]))
  for (const [text, id] of acknowledged) expect(byText.get(text)).toBe(id)
  messages.forEach(({ role }, i) => expect(role).toBe(i % 2 ? 'bot' : 'user'))
}

/** Starts the hive, sometimes killing it in the middle of that first. */
const startAgain = async (options: Parameters<typeof startHive>[0], random: () => number): Promise<RunningHive> => {
  if (random() < 0.3) {
    const stillborn = startHive({ ...options, onSpawn: child => setTimeout(() => child.kill('SIGKILL'), random() * 1_500) })
    await stillborn.then(hive => hive.exited, () => {})
  }
  return startHive(options)
}

/** Checks a copy, so that the hive itself has to make good what the kill left behind. */
const integrityOf = (dataDir: string) => {
  const folder = temporaryFolder()
  for (const file of readdirSync(dataDir).filter(name => name.startsWith('sessions.db'))) copyFileSync(join(dataDir, file), join(folder, file))
  const database = new DatabaseSync(join(folder, 'sessions.db'))
  try {
    return (database.prepare('PRAGMA integrity_check').get() as { integrity_check: string }).integrity_check
  } finally {
    database.close()
    rmSync(folder, { recursive: true })
  }
}

const textOf = ({ parts }: Message) => parts.map(({ text }) => text).join('')

const read = async <T>(url: string): Promise<T> => (await fetch(url)).json() as Promise<T>

const post = async (url: string, body: object, headers: Record<string, string> = {}) => {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() as { readonly id: string, readonly messageId: string, readonly ahead: number } }
}

const all = async (url: string, sessionId: string): Promise<Message[]> => {
  const messages: Message[] = []
  for (let after = 0; ;) {
    const { items } = await read<{ items: Message[] }>(`${url}/api/sessions/${sessionId}/messages?limit=1000&after=${after}`)
    messages.push(...items)
    if (items.length < 1_000) return messages
    after = items.at(-1)!.seq
  }
}

/** mulberry32 */
const generator = (start: number) => {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
