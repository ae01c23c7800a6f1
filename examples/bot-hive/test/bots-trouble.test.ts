import { describe, expect, test } from 'vitest'
import { agentArgs, gone, handClock, testBot } from './bot-fixture.ts'

const mebi = 2 ** 20

describe('a bot that prints what is not protocol', () => {
  test('is heard all the same; the rest goes to its log', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const asked = ask('garbage')
    expect((await asked.result).isOk()).toBe(true)
    expect(asked.text()).toBe('Still here.')
    const lines = bot.log().map(({ stream, text }) => `${stream} ${text}`)
    expect(lines.slice(0, 5)).toEqual([
      'stdout Hello from a library that prints!', 'stdout red', 'stdout {"half":', 'stdout [1,2]', 'stdout {"jsonrpc":"1.0","id":1}',
    ])
    expect(lines[5]).toHaveLength('stdout '.length + 2_000)
  })

  test('has a line left out that is longer than the limit', async () => {
    const { bot, ask } = testBot({}, { limits: { maxLineBytes: mebi } })
    await bot.launch()
    const asked = ask(`long-line ${3 * mebi}`)
    await asked.result
    expect(asked.text()).toBe('After the long line.')
    expect(bot.log().map(({ text }) => text)).toEqual(['(a line of 3 MiB was left out)'])
  })

  test('has lines left out of its log when there are too many', async () => {
    const { bot, ask, until } = testBot({}, { limits: { maxUselessBytes: 4 * mebi } })
    await bot.launch()
    await ask('flood').result
    await until(({ state }) => state === 'restarting')
    expect(bot.log().length).toBeLessThanOrEqual(500)
  })
})

describe('a bot that floods', () => {
  test.each(['flood', 'endless-line'])('with garbage is ended; others are served meanwhile: %s', async how => {
    const { bot, ask, until } = testBot({}, { limits: { maxUselessBytes: 24 * mebi } })
    const other = testBot({ args: agentArgs('agents/echo.ts') })
    await Promise.all([bot.launch(), other.bot.launch()])
    const asked = ask(how)
    let answered = 0
    const ended = new AbortController()
    const serve = async () => {
      while (!ended.signal.aborted) {
        expect((await other.ask('hello').result).isOk()).toBe(true)
        answered++
      }
    }
    const served = serve()
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({
      code: 'dependency_failed', message: 'Flooded its stdout: over 24 MiB that nobody asked for within a minute.',
    })
    ended.abort()
    await served
    expect(answered).toBeGreaterThan(20)
    const { reason } = await until(({ state }) => state === 'restarting')
    expect(reason).toContain('Flooded its stdout')
  })

  test('with a reply has it cut off, in few steps, and is ended when it does not stop', async () => {
    const { bot, ask, until } = testBot({}, { limits: { maxReplyChars: mebi, maxUselessBytes: 16 * mebi } })
    await bot.launch()
    const asked = ask('chatter')
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({
      code: 'too_large', message: 'The reply grew over 1 million characters and was cut off there.',
    })
    expect(asked.text().length).toBeGreaterThan(mebi - 100)
    expect(asked.text().length).toBeLessThanOrEqual(mebi)
    // Two hundred thousand pieces came.
    expect(asked.updates.length).toBeLessThan(5_000)
    await until(({ state }) => state === 'restarting')
  })

  test('with requests is told that the hive offers nothing of the kind', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const asked = ask('requests')
    expect((await asked.result).isOk()).toBe(true)
    expect(asked.text()).toBe('Nobody read them.')
  })

  test('with questions has only some of them put to the person', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const few = Promise.withResolvers<void>()
    let questions = 0
    const asked = ask('questions', {
      onQuestion: () => {
        if (++questions === 20) few.resolve()
        return new Promise(() => {})
      },
    })
    await few.promise
    expect((await ask('hello').result).isOk()).toBe(true)
    expect(questions).toBe(20)
    asked.cancel()
    await asked.result
  })

  test('cannot be written to without end when it does not read', async () => {
    const { bot, ask } = testBot({ heartbeat: false }, { limits: { maxUnreadBytes: mebi } })
    await bot.launch()
    const frozen = ask('freeze')
    const asked = Array.from({ length: 40 }, () => ask('x'.repeat(100_000)))
    const messages = await Promise.all([frozen, ...asked].map(async ({ result }) => (await result)._unsafeUnwrapErr().message))
    expect(messages).toContain('Stopped reading its stdin: over 1 MiB wait there.')
  })
})

describe('a bot that hangs', () => {
  test('is killed and started again, and its reply fails', async () => {
    const { bot, ask, until } = testBot({}, { limits: { pingMs: 200, hungMs: 600, restartMinMs: 1 } })
    await bot.launch()
    await ask('hello').result
    const { pid } = bot.snapshot()
    const asked = ask('freeze')
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({
      code: 'timeout', message: 'Stopped answering: not a sign of life for 600 ms.',
    })
    await gone(pid!)
    await until(({ state }) => state === 'ready')
    expect(bot.snapshot().restarts).toBe(1)
    expect((await ask('hello').result).isOk()).toBe(true)
  })

  test('is left alone between replies when it never answered a ping', async () => {
    const clock = handClock()
    const { bot, ask } = testBot({ env: { NO_PING: '1' } }, { clock })
    await bot.launch()
    const { pid } = bot.snapshot()
    clock.pass(60_000)
    expect((await ask('hello').result).isOk()).toBe(true)
    expect(bot.snapshot()).toMatchObject({ pid, restarts: 0 })
  })

  test('is killed when it neither answers pings nor says one thing during a reply', async () => {
    const { bot, ask, until } = testBot({ replyTimeoutMs: 200, env: { NO_PING: '1' } }, { limits: { restartMinMs: 1 } })
    await bot.launch()
    const asked = ask('freeze')
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({
      code: 'timeout', message: 'No progress for 200 ms; the reply was given up.',
    })
    await until(({ state, restarts }) => state === 'ready' && restarts === 1)
  })

  test('in one reply only keeps running', async () => {
    const { bot, ask } = testBot({ replyTimeoutMs: 1_000 }, { limits: { pingMs: 50 } })
    await bot.launch()
    const { pid } = bot.snapshot()
    expect((await ask('hang').result)._unsafeUnwrapErr()).toMatchObject({ code: 'timeout' })
    expect((await ask('hello').result).isOk()).toBe(true)
    expect(bot.snapshot().pid).toBe(pid)
  })

  test('without its stdout is ended', async () => {
    const { bot, ask, until } = testBot({ heartbeat: false })
    await bot.launch()
    expect((await ask('close-stdout').result)._unsafeUnwrapErr().message).toBe('Closed its stdout.')
    await until(({ state }) => state === 'restarting')
  })
})

describe('cancelling', () => {
  test('settles at once, and a bot that ends its reply is asked again in the same session', async () => {
    const { bot, ask } = testBot({ env: { ON_CANCEL: 'polite' } })
    await bot.launch()
    const asked = ask('polite')
    await asked.begun
    asked.cancel()
    expect((await asked.result)._unsafeUnwrapErr()).toMatchObject({ code: 'cancelled' })
    const [session] = asked.updates
    const agentSessionId = session?.type === 'agent-session' ? session.id : ''
    const next = ask('hello', { agentSessionId })
    expect((await next.result)._unsafeUnwrap().agentSessionId).toBe(agentSessionId)
    expect(next.text()).toBe('hello')
  })

  test('drops what a bot says afterwards', async () => {
    const { bot, ask } = testBot({ env: { ON_CANCEL: 'late' } })
    await bot.launch()
    const asked = ask('late')
    await asked.begun
    asked.cancel()
    await asked.result
    const [session] = asked.updates
    const next = ask('hello', { agentSessionId: session?.type === 'agent-session' ? session.id : '' })
    await next.result
    expect(asked.text()).toBe('Wait for it.')
    expect(next.text()).toBe('hello')
  })

  test('gives up the session of a bot that does not end its reply', async () => {
    const { bot, ask } = testBot({}, { limits: { cancelGraceMs: 100 } })
    await bot.launch()
    const asked = ask('deaf')
    await asked.begun
    asked.cancel()
    expect((await asked.result)._unsafeUnwrapErr().code).toBe('cancelled')
    const [session] = asked.updates
    const agentSessionId = session?.type === 'agent-session' ? session.id : ''
    const next = ask('hello', { agentSessionId })
    expect((await next.result)._unsafeUnwrap().agentSessionId).not.toBe(agentSessionId)
    expect(bot.snapshot()).toMatchObject({ state: 'ready', running: 0 })
  })

  test('before it began sends nothing', async () => {
    const { bot, ask } = testBot()
    await bot.launch()
    const asked = ask('hello', { signal: AbortSignal.abort() })
    expect((await asked.result)._unsafeUnwrapErr().code).toBe('cancelled')
    expect(asked.updates).toEqual([])
  })
})
