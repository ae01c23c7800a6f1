import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSessionStore, textOf } from '@hivekit/chat-session'
import { expect, it } from 'vitest'
import { codeOf, must } from './must.ts'

interface Line {
  readonly ready?: true, readonly created?: string, readonly bot?: string, readonly asked?: string, readonly message?: string, readonly reply?: string
  readonly seq?: number, readonly text?: string, readonly idempotencyKey?: string, readonly saved?: string, readonly k?: number
  readonly finished?: string, readonly deleting?: string, readonly deleted?: string
}

const program = join(import.meta.dirname, 'programs/busy-writer.ts')

/** Lets the program run for a while, kills it, and gives back all it said. */
const runAndKill = async (path: string, afterMs: number): Promise<Line[]> => {
  const child = spawn(process.execPath, ['--conditions=@hivekit/source', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      // From its first answer on, so that a slow start does not make it a test of starting.
      if (out === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      out += chunk
    })
    child.on('close', (_, signal) => (signal === 'SIGKILL' ? resolve() : reject(new Error(`It ended by itself: ${signal}`))))
  })
  return out.slice(0, out.lastIndexOf('\n')).split('\n').map(line => JSON.parse(line) as Line)
}

it('loses and doubles nothing that was acknowledged when the process is killed at any moment', { timeout: 600_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  const path = join(folder, 'sessions.db')
  const kills = Math.ceil(8 * Number(process.env.HIVEKIT_SOAK ?? 1))
  const sessions = new Map<string, { bot: string, lines: Line[] }>()
  const doubtful = new Set<string>()
  const gone = new Set<string>()
  for (let kill = 0; kill < kills; kill++) {
    const fresh = new Set<string>()
    for (const line of await runAndKill(path, 20 + Math.random() * 400)) {
      const id = line.created ?? line.asked ?? line.saved ?? line.finished
      if (line.created) sessions.set(line.created, { bot: line.bot!, lines: [] })
      if (id) sessions.get(id)!.lines.push(line)
      if (id) fresh.add(id)
      if (line.deleting) doubtful.add(line.deleting)
      if (line.deleted) gone.add(line.deleted)
    }
    const store = must(await openSessionStore({ path }))
    const { failed, pending } = must(await store.recover())
    expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    for (const { message } of failed) expect(message).toMatchObject({ state: 'failed', role: 'bot' })
    for (const { message } of pending) expect(message).toMatchObject({ state: 'pending', parts: [] })

    // All that this run touched, and some of what earlier ones left.
    for (const id of [...fresh, ...[...sessions.keys()].slice(0, 20)]) {
      const { bot, lines } = sessions.get(id)!
      const door = store.forBot(bot)
      const read = await door.messages(id, { limit: 1000 })
      if (gone.has(id)) {
        expect(codeOf(read)).toBe('not_found')
        continue
      }
      if (doubtful.has(id) && read.isErr()) continue
      const { items } = must(read)
      const byId = new Map(items.map(m => [m.id as string, m]))
      expect(items.map(m => m.seq)).toEqual(items.map((_, i) => i + 1))
      expect(new Set(items.filter(m => m.role === 'user').map(textOf)).size).toBe(items.length / 2)
      for (const line of lines) {
        if (line.asked) {
          expect(byId.get(line.message!)).toMatchObject({ seq: line.seq, state: 'complete', parts: [{ type: 'text', text: line.text }] })
          if (must(await door.get(id)).tier === 'archived') continue
          const again = must(await door.ask(id, { parts: [{ type: 'text', text: line.text! }], idempotencyKey: line.idempotencyKey! }))
          expect([again.repeated, again.message.id, again.reply.id]).toEqual([true, line.message, line.reply])
        } else if (line.finished) {
          expect(byId.get(line.reply!)).toMatchObject({ state: 'complete', parts: [{ type: 'text', text: line.text }] })
        } else if (line.saved) {
          const reply = byId.get(line.reply!)!
          expect(['failed', 'complete']).toContain(reply.state)
          expect(textOf(reply)).toContain(` ${line.k}`)
        }
      }
    }
    await store[Symbol.asyncDispose]()
  }
  expect(sessions.size).toBeGreaterThan(kills)
  await rm(folder, { recursive: true })
})
