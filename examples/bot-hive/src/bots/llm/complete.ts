import { HiveError } from '@hivekit/errors'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import type { PastMessage } from '../agent.ts'
import { readFailure } from './failure.ts'
import type { LlmSettings } from './settings.ts'

/** A piece of the model's answer. */
export interface Piece {
  readonly type: 'text' | 'thought'
  readonly text: string
}

const Said = z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish(), reasoning: z.string().nullish() })
const Chunk = z.object({
  choices: z.array(z.object({ delta: Said.optional(), message: Said.optional(), finish_reason: z.string().nullish() })).default([]),
  error: z.object({ message: z.string() }).optional(),
})

/**
 * Asks the model to go on with a conversation and yields its answer as it comes.
 * Throws a `HiveError` in plain words, or the signal's reason when cancelled.
 */
export async function* complete(
  settings: LlmSettings,
  messages: readonly PastMessage[],
  signal: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  const { baseUrl, timeoutMs } = settings
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(), timeoutMs)
  try {
    const response = await ask(settings, messages, AbortSignal.any([signal, silence.signal]))
    if (!response.ok || response.body === null) throw await readFailure(response, settings)
    let finished = false
    for await (const data of readEvents(response, response.body)) {
      timer.refresh()
      if (data === '[DONE]') {
        finished = true
        break
      }
      const chunk = parse(data)
      if (chunk.error) throw new HiveError('dependency_failed', `The model's endpoint broke off: ${chunk.error.message}`)
      for (const { delta, message, finish_reason: reason } of chunk.choices) {
        const said = delta ?? message
        const thought = said?.reasoning_content ?? said?.reasoning
        if (thought) yield { type: 'thought', text: thought }
        if (said?.content) yield { type: 'text', text: said.content }
        if (reason) finished = true
        if (reason === 'length') yield { type: 'text', text: '\n\n_(The model reached its limit of length here.)_' }
        if (reason === 'content_filter') yield { type: 'text', text: '\n\n_(The endpoint filtered the rest.)_' }
      }
    }
    if (!finished) throw new HiveError('dependency_failed', `The connection to ${baseUrl.host} ended in the middle of the answer.`)
  } catch (error) {
    signal.throwIfAborted()
    if (silence.signal.aborted)
      throw new HiveError('timeout', `${baseUrl.host} said nothing for ${Math.round(timeoutMs / 1_000)} s.`, { cause: error })
    if (error instanceof TypeError)
      throw new HiveError('unavailable', `I cannot reach ${baseUrl.host}: ${reasonOf(error)}`, { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
  }
}

const ask = ({ baseUrl, apiKey, model, systemPrompt, maxContextChars }: LlmSettings, messages: readonly PastMessage[], signal: AbortSignal) =>
  fetch(new URL('chat/completions', baseUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
    },
    body: JSON.stringify({
      model,
      stream: true,
      messages: [
        ...(systemPrompt ? [{ role: 'system', content: systemPrompt }] : []),
        ...newest(messages, maxContextChars).map(({ role, text }) => ({ role, content: text })),
      ],
    }),
    signal,
  })

/** The newest messages that fit, at least the last. */
const newest = (messages: readonly PastMessage[], maxChars: number) => {
  let chars = 0
  const first = messages.findLastIndex(({ text }) => (chars += text.length) > maxChars)
  return messages.slice(Math.min(first + 1, messages.length - 1))
}

/** The data of each event; an endpoint that does not stream gives one. */
async function* readEvents(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>) {
  if (response.headers.get('content-type')?.includes('application/json')) {
    yield await response.text()
    return
  }
  const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream({ maxBufferSize: 8 * 2 ** 20 }))
  for await (const { data } of events) yield data
}

const parse = (data: string): z.infer<typeof Chunk> => {
  try {
    return Chunk.parse(JSON.parse(data))
  } catch (cause) {
    throw new HiveError('dependency_failed', 'The endpoint answered in a form that is not OpenAI-compatible.', { cause })
  }
}

const reasonOf = ({ cause, message }: TypeError) => {
  if (!(cause instanceof Error)) return message
  const known: Record<string, string> = {
    ECONNREFUSED: 'nothing listens there.',
    ENOTFOUND: 'there is no such host.',
    ECONNRESET: 'it closed the connection.',
  }
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return known[code] ?? cause.message
}
