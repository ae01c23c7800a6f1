import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { readConfig } from '../src/config.ts'
import type { BotOptions, BotProcess } from '../src/hive/bots/bot.ts'
import { createBot } from '../src/hive/bots/create-bot.ts'
import { BotDefinition } from '../src/hive/bots/definition.ts'
import type { Turn, TurnUpdate } from '../src/hive/bots/turn.ts'

/** A bot for one test, with ways to wait for what it does. */
export interface TestBot {
  readonly bot: BotProcess
  readonly cwd: string
  /** Settles when the snapshot satisfies the condition. */
  until(condition: (now: ReturnType<BotProcess['snapshot']>) => boolean): Promise<ReturnType<BotProcess['snapshot']>>
  /** Sends a prompt and gathers what comes. */
  ask(text: string, options?: Partial<Turn>): Asked
}

/** A prompt on its way. */
export interface Asked {
  readonly updates: TurnUpdate[]
  readonly cancel: () => void
  readonly result: ReturnType<BotProcess['prompt']>
  /** The text so far. */
  text(): string
  /** Settles when the first update of text has come. */
  readonly begun: Promise<void>
}

/** The arguments to Node that run one of the agents beside this file, or a bundled one. */
export const agentArgs = (file: string, ...args: string[]) =>
  ['--conditions=@hivekit/source', fileURLToPath(new URL(file, import.meta.url)), ...args]

/** The definition of a bot that comes with the hive. */
export const bundled = (id: string): BotDefinition => readConfig({}, tmpdir())._unsafeUnwrap().bots.find(bot => bot.id === id)!

/** A folder that goes when the test does. */
export const testFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hive-bot-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes a bot that is stopped when the test ends. */
export const testBot = (definition: Partial<BotDefinition> = {}, options: Partial<BotOptions> = {}): TestBot => {
  const cwd = options.cwd ?? join(testFolder(), 'work')
  const listeners = new Set<() => void>()
  const bot = createBot(
    BotDefinition.parse({ id: 'test', name: 'Test', command: process.execPath, args: agentArgs('agents/trouble.ts'), ...definition }),
    { cwd, ...options, onChange: () => listeners.forEach(listener => listener()) },
  )
  onTestFinished(() => bot.stop({ drainMs: 0 }))
  return {
    bot,
    cwd,
    until: condition => new Promise(resolve => {
      const check = () => {
        const now = bot.snapshot()
        if (!condition(now)) return
        listeners.delete(check)
        resolve(now)
      }
      listeners.add(check)
      check()
    }),
    ask: (text, turn = {}) => {
      const updates: TurnUpdate[] = []
      const abort = new AbortController()
      const begun = Promise.withResolvers<void>()
      const result = bot.prompt({
        text,
        signal: abort.signal,
        onQuestion: async () => 'cancelled',
        ...turn,
        onUpdate: update => {
          updates.push(update)
          turn.onUpdate?.(update)
          if (update.type === 'text') begun.resolve()
        },
      })
      const words = () => updates.map(update => update.type === 'text' ? update.text : '').join('')
      return { updates, cancel: () => abort.abort(), result, text: words, begun: begun.promise }
    },
  }
}

/** Settles when no process of this id lives any more. */
export const gone = async (pid: number) => {
  while (alive(pid)) await new Promise(resolve => setTimeout(resolve, 10))
}

/** Tells whether a process lives. One that only waits to be reaped does not. */
export const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Time that passes only when told to. */
export const handClock = (start = 1_000_000) => {
  let now = start
  const timers = new Set<{ at: number, callback: () => void }>()
  return {
    now: () => now,
    after: (delayMs: number, callback: () => void) => {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    /** Lets time pass, calling back what falls due on the way, in order. */
    pass: (ms: number) => {
      const until = now + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
        if (!next) break
        now = next.at
        timers.delete(next)
        next.callback()
      }
      now = until
    },
    /** How long until each thing that waits, shortest first. */
    waiting: () => [...timers].map(({ at }) => at - now).toSorted((a, b) => a - b),
  }
}
