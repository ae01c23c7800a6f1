import { createInterface } from 'node:readline'

/** What a hand-made agent does; everything has a well-behaved default. */
export interface Wire {
  readonly initialize?: () => unknown
  readonly prompt: (text: string, sessionId: string, end: (stopReason?: string) => void) => void
  readonly cancel?: (sessionId: string) => void
  /** Answers requests that the agent does not know. Default: "method not found". */
  readonly unknown?: (id: unknown) => void
}

export const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

export const update = (sessionId: string, what: object) => send({ method: 'session/update', params: { sessionId, update: what } })

export const say = (sessionId: string, text: string) =>
  update(sessionId, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })

/** Speaks ACP by hand, without the library, so that it can speak it badly. */
export const serve = ({ initialize, prompt, cancel, unknown }: Wire) => {
  let sessions = 0
  createInterface({ input: process.stdin }).on('line', line => {
    const { id, method, params } = JSON.parse(line) as { id?: unknown, method?: string, params?: Record<string, never> }
    const { sessionId = '', prompt: blocks = [] } = (params ?? {}) as { sessionId?: string, prompt?: { text: string }[] }
    if (method === 'initialize') {
      send({ id, result: initialize?.() ?? { protocolVersion: 1, agentCapabilities: {} } })
    } else if (method === 'session/new') {
      send({ id, result: { sessionId: `s${++sessions}` } })
    } else if (method === 'session/prompt') {
      prompt(blocks[0]?.text ?? '', sessionId, (stopReason = 'end_turn') => send({ id, result: { stopReason } }))
    } else if (method === 'session/cancel') {
      cancel?.(sessionId)
    } else if (method !== undefined && id !== undefined) {
      if (unknown) unknown(id)
      else send({ id, error: { code: -32_601, message: 'Method not found' } })
    }
  }).on('close', () => {
    if (process.env.IGNORES_END === undefined) process.exit(0)
  })
}
