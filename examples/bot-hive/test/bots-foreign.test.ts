import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { testBot, type TestBot } from './bot-fixture.ts'

/** The example agent of the ACP library, as its makers published it: an older version, on the older API. */
const foreign = {
  args: [join(dirname(createRequire(import.meta.url).resolve('acp-example-agent')), 'examples/agent.js')],
}

test('an agent that nobody here wrote serves one conversation while another is cancelled', async () => {
  const { bot, ask } = testBot(foreign)
  await bot.launch()
  await Promise.all([isGranted(ask), isCancelled(ask)])
})

/** Runs its tools, asks for permission and is granted it. */
const isGranted = async (ask: TestBot['ask']) => {
  const questions: unknown[] = []
  const asked = ask('hello', {
    onQuestion: async question => {
      questions.push(question)
      return 'allow'
    },
  })
  expect((await asked.result)._unsafeUnwrap().stopReason).toBe('end_turn')
  expect(questions).toEqual([{
    id: expect.any(String),
    title: 'Modifying critical configuration file',
    options: [
      { id: 'allow', name: 'Allow this change', kind: 'allow_once' },
      { id: 'reject', name: 'Skip this change', kind: 'reject_once' },
    ],
  }])
  expect(asked.text()).toContain('The changes have been applied.')
  expect(asked.updates.filter(({ type }) => type === 'tool')).toMatchObject([
    { id: 'call_1', title: 'Reading project files', kind: 'read', status: 'pending' },
    { id: 'call_1', status: 'completed', text: '# My Project\n\nThis is a sample project...' },
    { id: 'call_2', title: 'Modifying critical configuration file', kind: 'edit', status: 'pending' },
    { id: 'call_2', title: 'Modifying critical configuration file', kind: 'edit', status: 'pending' },
    { id: 'call_2', status: 'completed' },
  ])
}

/** Is cancelled while it waits for an answer, and goes on in the same session. */
const isCancelled = async (ask: TestBot['ask']) => {
  const waits = Promise.withResolvers<void>()
  const asked = ask('hello', {
    onQuestion: () => {
      waits.resolve()
      return new Promise(() => {})
    },
  })
  await waits.promise
  asked.cancel()
  expect((await asked.result)._unsafeUnwrapErr().code).toBe('cancelled')
  const [session] = asked.updates
  const agentSessionId = session?.type === 'agent-session' ? session.id : ''
  const again = ask('again', { agentSessionId })
  await again.begun
  again.cancel()
  await again.result
  expect(again.updates).toMatchObject([{ type: 'text', text: expect.stringMatching(/^I'll help you/) }])
}
