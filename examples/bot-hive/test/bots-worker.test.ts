import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countPrimes } from '../src/bots/worker/count-primes.ts'
import { bundled, testBot } from './bot-fixture.ts'

const worker = bundled('worker')

const launched = async (...options: Parameters<typeof testBot>) => {
  const it = testBot({ ...worker, ...options[0] }, options[1])
  await it.bot.launch()
  return it
}

describe('the worker', () => {
  test('says what it can do', async () => {
    const { ask, until } = await launched()
    const { commands } = await until(snapshot => snapshot.commands.length > 0)
    expect(commands.map(({ name }) => name)).toEqual(['primes', 'checksum', 'wait', 'help'])
    for (const text of ['hello', '/unknown', '/help', '']) {
      const asked = ask(text)
      await asked.result
      expect(asked.text()).toContain('- `/primes <number>` Counts the primes up to a number.')
    }
  })

  test('counts primes and shows how it gets on', async () => {
    const { ask } = await launched()
    const asked = ask('/primes 30_000_000')
    expect((await asked.result).isOk()).toBe(true)
    expect(asked.text()).toMatch(/^There are \*\*1,857,859\*\* primes up to 30,000,000\./)
    const tools = asked.updates.filter(update => update.type === 'tool')
    expect(tools[0]).toMatchObject({ title: 'Counting primes up to 30,000,000', status: 'in_progress', text: '0 %' })
    expect(tools.at(-1)).toMatchObject({ id: tools[0]!.id, status: 'completed', text: expect.stringMatching(/^1,857,859 primes in /) })
    const plans = asked.updates.filter(update => update.type === 'plan')
    expect(plans.map(({ entries }) => entries.map(({ status }) => status))).toEqual([['in_progress', 'pending'], ['completed', 'completed']])
  })

  test('can be cancelled, answers pings and does other work meanwhile', async () => {
    const { ask, bot } = await launched({}, { limits: { pingMs: 100, hungMs: 3_000 } })
    const asked = ask('/primes 10_000_000_000')
    const other = ask('/primes 1_000_000')
    await other.result
    expect(other.text()).toContain('**78,498**')
    asked.cancel()
    const [session] = asked.updates
    const next = ask('/primes 10', { agentSessionId: session?.type === 'agent-session' ? session.id : '' })
    await next.result
    expect(next.text()).toContain('**4**')
    // It ended the cancelled work: the same session goes on.
    expect(next.updates.some(({ type }) => type === 'agent-session')).toBe(false)
    expect(bot.snapshot().restarts).toBe(0)
  })

  test('asks for what it cannot make out', async () => {
    const { ask } = await launched()
    for (const text of ['/primes', '/primes -1', '/primes 1.5', '/primes many', '/primes 10_000_000_001']) {
      const asked = ask(text)
      await asked.result
      expect(asked.text()).toMatch(/^Up to which number\?/)
    }
    for (const text of ['/wait', '/wait -1', '/wait long', '/wait 3601']) {
      const asked = ask(text)
      await asked.result
      expect(asked.text()).toMatch(/^For how long\?/)
    }
  })

  test('takes the checksums of its own folder and looks nowhere else', async () => {
    const { ask, cwd } = await launched()
    mkdirSync(join(cwd, 'inside'))
    writeFileSync(join(cwd, 'inside', 'a.txt'), 'hello')
    writeFileSync(join(cwd, 'inside', 'b.bin'), Buffer.alloc(3_000_000, 7))
    symlinkSync('/etc', join(cwd, 'inside', 'link'))
    const sums = ['a.txt', 'b.bin'].map((name, i) =>
      `${createHash('sha256').update(i === 0 ? 'hello' : Buffer.alloc(3_000_000, 7)).digest('hex')}  ${name}`)
    const asked = ask('/checksum inside')
    await asked.result
    expect(asked.text()).toContain(`SHA-256 of 2 files, 3000005 bytes:\n\n\`\`\`text\n${sums.join('\n')}\n\`\`\``)
    expect(asked.text()).toContain(createHash('sha256').update(`${sums.join('\n')}\n`).digest('hex'))

    for (const outside of ['..', '/etc', 'inside/link']) {
      const refused = ask(`/checksum ${outside}`)
      await refused.result
      expect(refused.text()).toMatch(/^I only look into my own folder/)
    }
  })

  test('waits, and stops waiting when cancelled', async () => {
    const { ask } = await launched()
    const asked = ask('/wait 0.3')
    await asked.result
    expect(asked.text()).toBe('That were 0.3 seconds.')
    const long = ask('/wait 3600')
    long.cancel()
    expect((await long.result)._unsafeUnwrapErr().code).toBe('cancelled')
  })
})

test('primes are counted right up to any number', async () => {
  const isPrime = (n: number) => n > 1 && !Array.from({ length: Math.floor(Math.sqrt(n)) - 1 }, (_, i) => i + 2).some(d => n % d === 0)
  await fc.assert(fc.asyncProperty(fc.nat(3_000), async limit => {
    const expected = Array.from({ length: limit + 1 }, (_, n) => n).filter(isPrime).length
    expect(await countPrimes(limit, async () => {})).toBe(expected)
  }))
})
