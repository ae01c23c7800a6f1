import { existsSync, readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { agentArgs, alive, gone, handClock, testBot, testFolder } from './bot-fixture.ts'

const echo = { args: agentArgs('agents/echo.ts') }
const start = (...how: string[]) => ({ args: agentArgs('agents/start.ts', ...how) })

describe('a bot that behaves', () => {
  test('is launched, says what it understands, answers, and is stopped', async () => {
    const { bot, until, ask, cwd } = testBot(echo)
    expect(bot.snapshot()).toMatchObject({ state: 'stopped', running: 0, commands: [] })

    const launched = bot.launch()
    expect(bot.snapshot().state).toBe('starting')
    expect((await launched).isOk()).toBe(true)
    const { commands, pid } = await until(({ commands: known }) => known.length > 0)
    expect(commands).toEqual([{ name: 'shout', description: 'Says it louder.', hint: 'what' }])
    expect(existsSync(cwd)).toBe(true)

    const asked = ask('/shout hello')
    expect(bot.snapshot()).toMatchObject({ state: 'busy', running: 1 })
    const end = (await asked.result)._unsafeUnwrap()
    expect(end.stopReason).toBe('end_turn')
    expect(asked.updates).toEqual([{ type: 'agent-session', id: end.agentSessionId }, { type: 'text', text: 'HELLO' }])
    expect(bot.snapshot()).toMatchObject({ state: 'ready', running: 0, lastHeartbeat: expect.any(Number) })

    await bot.stop({ reason: 'Enough.' })
    expect(bot.snapshot()).toMatchObject({ state: 'stopped', reason: 'Enough.' })
    expect(bot.snapshot().pid).toBeUndefined()
    await gone(pid!)
  })

  test('keeps one agent session a conversation, and loads one of an earlier life', async () => {
    const { bot, ask } = testBot(echo)
    await bot.launch()
    const first = (await ask('a').result)._unsafeUnwrap().agentSessionId
    const again = ask('b', { agentSessionId: first })
    expect((await again.result)._unsafeUnwrap().agentSessionId).toBe(first)
    expect(again.updates).toEqual([{ type: 'text', text: 'b' }])
    expect((await ask('c').result)._unsafeUnwrap().agentSessionId).not.toBe(first)

    const loaded = ask('d', { agentSessionId: 'old-1' })
    expect((await loaded.result)._unsafeUnwrap().agentSessionId).toBe('old-1')
    expect(loaded.updates).toEqual([{ type: 'text', text: 'd' }])

    const forgotten = ask('e', { agentSessionId: 'unknown' })
    expect((await forgotten.result)._unsafeUnwrap().agentSessionId).not.toBe('unknown')
    expect(forgotten.updates[0]).toMatchObject({ type: 'agent-session' })
  })

  test('runs many turns at once, each with its own text', async () => {
    const { bot, ask } = testBot(echo)
    await bot.launch()
    const asked = Array.from({ length: 100 }, (_, i) => ask(`message ${i}`))
    await Promise.all(asked.map(({ result }) => result))
    expect(asked.map(each => each.text())).toEqual(asked.map((_, i) => `message ${i}`))
  })

  test('takes nothing new while it is paused or not running', async () => {
    const { bot, ask } = testBot(echo)
    expect((await ask('x').result)._unsafeUnwrapErr()).toMatchObject({ code: 'unavailable', message: 'Test is stopped.' })
    await bot.launch()
    bot.pause()
    expect(bot.snapshot().paused).toBe(true)
    expect((await ask('x').result)._unsafeUnwrapErr()).toMatchObject({ code: 'unavailable', message: 'Test is paused.' })
    bot.resume()
    expect((await ask('x').result).isOk()).toBe(true)
  })

  test('sees none of the secrets of the hive unless it operates it', async () => {
    process.env.HIVE_TOKEN = 'secret'
    try {
      const operatorEnv = () => ({ HIVE_URL: 'http://127.0.0.1:1', HIVE_TOKEN: 'for operators' })
      for (const operator of [false, true]) {
        const { bot, ask, cwd } = testBot({ operator, env: { EXTRA: 'yes' } }, { operatorEnv })
        await bot.launch()
        const asked = ask('env')
        await asked.result
        const env = JSON.parse(asked.text()) as Record<string, string>
        expect(env).toMatchObject({ EXTRA: 'yes', HIVE_BOT_ID: 'test', PATH: process.env.PATH })
        expect(env.HIVE_TOKEN).toBe(operator ? 'for operators' : undefined)
        expect(env.PWD ?? cwd).toBeDefined()
      }
    } finally {
      delete process.env.HIVE_TOKEN
    }
  })
})

describe('stopping', () => {
  test('lets a reply that runs end', async () => {
    const { bot, ask } = testBot({ ...echo, env: { DELAY_MS: '300' } })
    await bot.launch()
    const asked = ask('slowly')
    const stopped = bot.stop()
    expect(bot.snapshot().state).toBe('draining')
    expect((await ask('more').result)._unsafeUnwrapErr().code).toBe('unavailable')
    await stopped
    expect((await asked.result).isOk()).toBe(true)
    expect(asked.text()).toBe('slowly')
  })

  test('cancels a reply that does not end in time, and ends a bot that ignores SIGTERM with all its children', async () => {
    const { bot, ask } = testBot({ env: { IGNORES_END: '1' } }, { limits: { drainMs: 50, killMs: 50 } })
    await bot.launch()
    const child = ask('child')
    await child.result
    const asked = ask('hang')
    await asked.begun
    const { pid } = bot.snapshot()
    expect(alive(Number(child.text()))).toBe(true)
    await bot.stop()
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({ code: 'cancelled', message: 'Test was stopped.' })
    await gone(pid!)
    await gone(Number(child.text()))
  })

  test('works at any moment, and a launch meanwhile waits for it', async () => {
    const { bot } = testBot(echo)
    const launched = bot.launch()
    const stopped = bot.stop()
    const again = bot.launch()
    expect((await launched).isErr()).toBe(true)
    await stopped
    expect((await again).isOk()).toBe(true)
    expect(bot.snapshot().state).toBe('ready')
    const before = bot.snapshot().pid
    expect((await bot.restart()).isOk()).toBe(true)
    expect(bot.snapshot().pid).not.toBe(before)
  })

  test('is not needed when the hive is killed: its bots end by themselves', async () => {
    const hive = spawn(process.execPath, agentArgs('agents/host.ts', testFolder()), { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: hive.stdout }), 'line') as [string]
    const pids = JSON.parse(line) as number[]
    expect(pids.length).toBe(4)
    expect(pids.every(alive)).toBe(true)
    hive.kill('SIGKILL')
    await Promise.all(pids.map(gone))
  })
})

describe('a bot that cannot start', () => {
  test('says which program there is not, and is not tried again', async () => {
    const { bot } = testBot({ command: 'no-such-program-here' })
    expect((await bot.launch())._unsafeUnwrapErr()).toMatchObject({
      code: 'dependency_failed', kind: 'permanent', message: 'No such program: no-such-program-here',
    })
    expect(bot.snapshot()).toMatchObject({ state: 'stopped', reason: 'No such program: no-such-program-here', restarts: 0 })
  })

  test('says which folder there is not', async () => {
    const { bot } = testBot({ cwd: '/no/such/folder' })
    expect((await bot.launch())._unsafeUnwrapErr().message).toBe('No such folder: /no/such/folder')
    expect(bot.snapshot().state).toBe('stopped')
  })

  test('says that a file is no program', async () => {
    const { bot } = testBot({ command: join(import.meta.dirname, 'bots-life.test.ts') })
    expect((await bot.launch())._unsafeUnwrapErr().message).toMatch(/^Not allowed to run: /)
  })

  test('is not an ACP agent when it does not greet in time', async () => {
    const { bot } = testBot(start('silent'), { limits: { handshakeMs: 200 } })
    expect((await bot.launch())._unsafeUnwrapErr()).toMatchObject({
      code: 'timeout', message: 'Did not answer "initialize" within 200 ms: is it an ACP agent?',
    })
    expect(bot.snapshot().state).toBe('restarting')
  })

  test('may take its time', async () => {
    const { bot, ask } = testBot(start('slow', '400'))
    const launched = bot.launch()
    await new Promise(setImmediate)
    expect(bot.snapshot().state).toBe('starting')
    expect((await ask('x').result)._unsafeUnwrapErr().message).toBe('Test is starting.')
    expect((await launched).isOk()).toBe(true)
    expect(bot.snapshot()).toMatchObject({ state: 'ready', restarts: 0 })
  })

  test('is no ACP agent when it only repeats what it hears', async () => {
    const { bot } = testBot({ command: 'cat', args: [] })
    expect((await bot.launch()).isErr()).toBe(true)
    expect(bot.snapshot().state).toBe('restarting')
  })

  test('speaks another version, and is not tried again', async () => {
    const { bot } = testBot(start('old'))
    expect((await bot.launch())._unsafeUnwrapErr().message).toBe('Speaks version 99 of the Agent Client Protocol; the hive speaks 1.')
    expect(bot.snapshot().state).toBe('stopped')
  })

  test('is tried again after growing waits, and then stays stopped with the reason', async () => {
    const clock = handClock()
    const { bot, until } = testBot(start('exit', '7'), { clock, random: () => 1 })
    expect((await bot.launch())._unsafeUnwrapErr().message).toBe('Exited with code 7: cannot find my settings')
    const waits: number[] = []
    for (let crash = 1; crash < 6; crash++) {
      const { restartAt, reason } = await until(({ state, restarts }) => state === 'restarting' && restarts === crash)
      expect(reason).toBe('Exited with code 7: cannot find my settings')
      waits.push(restartAt! - clock.now())
      clock.pass(restartAt! - clock.now())
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000])
    const { reason, restartAt } = await until(({ state }) => state === 'stopped')
    expect(reason).toBe('Crashed 6 times in a row. The last time: Exited with code 7: cannot find my settings')
    expect(restartAt).toBeUndefined()
    await bot.launch()
    expect(bot.snapshot()).toMatchObject({ state: 'restarting', restarts: 1 })
  })

  test('comes back by itself once it can', async () => {
    const clock = handClock()
    const file = join(testFolder(), 'starts')
    const { bot, until } = testBot(start('flaky', file), { clock, random: () => 0 })
    await bot.launch()
    for (let crash = 1; crash < 3; crash++) {
      await until(({ state, restarts }) => state === 'restarting' && restarts === crash)
      expect(bot.snapshot().restartAt! - clock.now()).toBe(250)
      clock.pass(1_000)
    }
    await until(({ state }) => state === 'ready')
    expect(readFileSync(file, 'utf8')).toBe('xxx')
    expect(bot.snapshot()).toMatchObject({ restarts: 2 })
    expect(bot.snapshot().reason).toBeUndefined()
  })
})

describe('a bot that crashes', () => {
  test('fails the reply with what it said last, and comes back', async () => {
    const { bot, until, ask } = testBot({}, { limits: { restartMinMs: 1 } })
    await bot.launch()
    const asked = ask('exit 3')
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({
      code: 'dependency_failed', kind: 'ambiguous', message: 'Exited with code 3: out of cheese',
    })
    expect(asked.text()).toBe('Before the end.')
    expect(bot.log()).toMatchObject([{ stream: 'stderr', text: 'out of cheese' }])
    await until(({ state }) => state === 'ready')
    expect((await ask('hello').result).isOk()).toBe(true)

    expect((await ask('kill').result)._unsafeUnwrapErr().message).toBe('Killed by SIGKILL.')
    await until(({ state }) => state === 'ready')
    expect(bot.snapshot().restarts).toBe(2)
  })

  test('does not fail a reply that it completed before', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const asked = ask('answer-and-exit')
    expect((await asked.result).isOk()).toBe(true)
    expect(asked.text()).toBe('The last word.')
  })

  test('is forgiven its crashes after a minute of health', async () => {
    const clock = handClock()
    const { bot, until, ask } = testBot({ heartbeat: false }, { clock, random: () => 1 })
    await bot.launch()
    for (let crash = 1; crash <= 7; crash++) {
      clock.pass(60_000)
      await ask('kill').result
      const { restartAt } = await until(({ state, restarts }) => state === 'restarting' && restarts === crash)
      expect(restartAt! - clock.now()).toBe(500)
      clock.pass(500)
      await until(({ state }) => state === 'ready')
    }
  })

  test('leaves no child behind', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const child = ask('child')
    await child.result
    await ask('kill').result
    await gone(Number(child.text()))
  })
})
