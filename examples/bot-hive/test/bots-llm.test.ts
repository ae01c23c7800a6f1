import { appendFileSync, readdirSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text as bodyOf } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bundled, testBot } from './bot-fixture.ts'

const llm = bundled('llm')

interface Completion {
  readonly model: string
  readonly stream: boolean
  readonly messages: { readonly role: string, readonly content: string }[]
}
type Respond = (response: ServerResponse, completion: Completion, request: IncomingMessage) => void

/** A real HTTP server that speaks the chat completions of OpenAI, and keeps what it was asked. */
const endpoint = async (respond: Respond) => {
  const asked: Completion[] = []
  const server = createServer((request, response) => void (async () => {
    const completion = JSON.parse(await bodyOf(request)) as Completion
    asked.push(completion)
    respond(response, completion, request)
  })())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, asked, env: { LLM_BASE_URL: `http://${host}/v1`, LLM_MODEL: 'small', LLM_API_KEY: 'key' } }
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

const stream: (...pieces: string[]) => Respond = (...pieces) => response => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.write(': keep-alive\n\n')
  response.write(chunk({ role: 'assistant', content: '' }))
  for (const piece of pieces) response.write(chunk({ content: piece }))
  response.write(chunk({}, 'stop'))
  response.end('data: {"choices":[],"usage":{"total_tokens":3}}\n\ndata: [DONE]\n\n')
}

const launched = async (env: Record<string, string>, cwd?: string) => {
  const it = testBot({ ...llm, env: { LLM_BASE_URL: '', LLM_MODEL: '', LLM_API_KEY: '', ...env } }, cwd === undefined ? {} : { cwd })
  await it.bot.launch()
  return it
}

describe('the language model', () => {
  test('says exactly what to set when nothing is set', async () => {
    const { ask } = await launched({})
    const asked = ask('hello')
    await asked.result
    expect(asked.text()).toContain('`LLM_BASE_URL` and `LLM_MODEL` are not set')
    expect(asked.text()).toContain('- `LLM_API_KEY`: its key, if it wants one')
  })

  test('streams the answer and remembers the conversation, also in its next life', async () => {
    const { env, asked: completions } = await endpoint(stream('Good ', 'mörning ', '🌞'))
    const first = await launched(env)
    const asked = first.ask('hello')
    const { agentSessionId } = (await asked.result)._unsafeUnwrap()
    expect(asked.text()).toBe('Good mörning 🌞')
    expect(completions[0]).toEqual({ model: 'small', stream: true, messages: [{ role: 'user', content: 'hello' }] })

    await first.bot.restart()
    // A crash has torn the last line.
    const [file] = readdirSync(join(first.cwd, 'conversations'))
    appendFileSync(join(first.cwd, 'conversations', file!), '\n{"role":"user","te')
    const again = first.ask('and now?', { agentSessionId })
    expect((await again.result)._unsafeUnwrap().agentSessionId).toBe(agentSessionId)
    expect(again.text()).toBe('Good mörning 🌞')
    expect(completions[1]!.messages).toEqual([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'Good mörning 🌞' },
      { role: 'user', content: 'and now?' },
    ])

    const other = first.ask('somebody else')
    await other.result
    expect(completions[2]!.messages).toEqual([{ role: 'user', content: 'somebody else' }])

    await first.ask('/forget', { agentSessionId }).result
    await first.ask('who am I?', { agentSessionId }).result
    expect(completions[3]!.messages).toEqual([{ role: 'user', content: 'who am I?' }])
  })

  test('shows what the model thinks, and takes an answer that is not streamed', async () => {
    const { env } = await endpoint((response, { messages }) => {
      if (messages[0]!.content === 'think') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(chunk({ reasoning_content: 'Hm.' }))
        response.end(`${chunk({ content: 'Yes.' }, 'stop')}data: [DONE]\n\n`)
      } else {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'At once.' }, finish_reason: 'stop' }] }))
      }
    })
    const { ask } = await launched(env)
    const thinking = ask('think')
    await thinking.result
    expect(thinking.updates.slice(1)).toEqual([{ type: 'thought', text: 'Hm.' }, { type: 'text', text: 'Yes.' }])
    const whole = ask('whole')
    await whole.result
    expect(whole.text()).toBe('At once.')
  })

  test('stops asking when it is cancelled, and keeps what was said', async () => {
    const hungUp = Promise.withResolvers<void>()
    const { env, asked: completions } = await endpoint((response, { messages }) => {
      if (messages.length > 1) return stream('Yes.')(response, { model: '', stream: true, messages }, response.req)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk({ content: 'Once upon a time' }))
      response.on('close', hungUp.resolve)
    })
    const { ask } = await launched(env)
    const asked = ask('a long story')
    await asked.begun
    asked.cancel()
    await asked.result
    await hungUp.promise
    const [session] = asked.updates
    await ask('go on', { agentSessionId: session?.type === 'agent-session' ? session.id : '' }).result
    expect(completions[1]!.messages).toEqual([
      { role: 'user', content: 'a long story' },
      { role: 'assistant', content: 'Once upon a time' },
      { role: 'user', content: 'go on' },
    ])
  })

  const plainly = (status: number, body: object, headers: Record<string, string> = {}): Respond => response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }
  const broken: Respond = response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk({ content: 'Half' }), () => response.destroy())
  }
  const short: Respond = response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(chunk({ content: 'Half' }))
  }
  const page: Respond = response => response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: <html>\n\n')
  const failures: [string, Respond, RegExp][] = [
    ['a wrong key', plainly(401, { error: { message: 'bad key' } }), / does not accept `LLM_API_KEY` \(401\)\. It says: bad key$/],
    ['an unknown model', plainly(404, { error: 'no such model' }), / knows no model `small`.* It says: no such model$/],
    ['too many questions', plainly(429, {}, { 'retry-after': '7' }), / has had enough for now \(429\)\. Try again in 7 s\.$/],
    ['a failure of the endpoint', plainly(500, { message: 'oh' }), / answered 500\. It says: oh$/],
    ['a broken connection', broken, /^I cannot reach 127\.0\.0\.1:\d+: /],
    ['an answer without its end', short, / ended in the middle of the answer\.$/],
    ['something else than a model', page, /in a form that is not OpenAI-compatible\.$/],
    ['silence', () => {}, / said nothing for 2 s\.$/],
  ]
  test('says plainly what went wrong', async () => {
    const { env } = await endpoint((response, completion, request) => {
      const [, respond] = failures.find(([what]) => what === completion.messages.at(-1)!.content)!
      respond(response, completion, request)
    })
    const { ask } = await launched({ ...env, LLM_TIMEOUT_MS: '1500' })
    for (const [what, , expected] of failures)
      expect((await ask(what).result)._unsafeUnwrapErr().message).toMatch(expected)
  })

  test('says plainly that nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    await new Promise(resolve => server.close(resolve))
    const { ask } = await launched({ LLM_BASE_URL: `http://${host}/v1`, LLM_MODEL: 'small' })
    expect((await ask('hello').result)._unsafeUnwrapErr()).toMatchObject({
      code: 'unavailable', kind: 'transient', message: `I cannot reach ${host}: nothing listens there.`,
    })
  })
})
