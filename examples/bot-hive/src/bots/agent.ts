import { randomUUID } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import {
  agent, type AgentContext, ndJsonStream, PROTOCOL_VERSION, RequestError, type SessionUpdate, type ToolCallUpdate,
} from '@agentclientprotocol/sdk'

/** One prompt to answer, and the ways to answer it. */
export interface BotTurn {
  readonly sessionId: string
  /** The working folder of the session. */
  readonly cwd: string
  /** What the person wrote. */
  readonly text: string
  /** Aborted when the person cancels. */
  readonly signal: AbortSignal
  /** Adds Markdown to the answer. */
  say(markdown: string): Promise<void>
  /** Adds a thought on the way to the answer. */
  think(text: string): Promise<void>
  /** Shows a tool or how it gets on; give the same `toolCallId` again to change it. */
  tool(call: ToolCallUpdate & { title: string }): Promise<void>
  /** Shows the plan, replacing the one before. */
  plan(steps: readonly PlanStep[]): Promise<void>
}

/** A step of a plan. */
export interface PlanStep {
  readonly text: string
  readonly status: 'pending' | 'in_progress' | 'completed'
}

/** A slash command for the person to choose. */
export interface Command {
  /** Without the slash. */
  readonly name: string
  readonly description: string
  /** What may follow it. */
  readonly hint?: string
}

/** A message of an earlier life. */
export interface PastMessage {
  readonly role: 'user' | 'assistant'
  readonly text: string
}

/** What makes a bot. */
export interface BotAgent {
  readonly name: string
  readonly commands: readonly Command[]
  /** Answers a prompt. When the turn's signal aborts, it should return soon; what it throws is shown to the person. */
  readonly answer: (turn: BotTurn) => Promise<void>
  /** Finds the conversation of an earlier life, oldest message first, if it knows it. Without it the bot loads none. */
  readonly load?: (sessionId: string, cwd: string) => Promise<readonly PastMessage[] | undefined>
}

/**
 * Serves ACP on stdin and stdout until stdin ends. Whatever would print to stdout must not be called.
 *
 * @example
 * ```ts
 * runAgent({ name: 'echo', commands: [], answer: turn => turn.say(turn.text) })
 * ```
 */
export const runAgent = ({ name, commands, answer, load }: BotAgent): void => {
  const folders = new Map<string, string>()
  const running = new Map<string, AbortController>()

  const open = (context: AgentContext, sessionId: string, cwd: string) => {
    folders.set(sessionId, cwd)
    const availableCommands = commands.map(({ name: command, description, hint }) => ({
      name: command, description, ...(hint === undefined ? {} : { input: { hint } }),
    }))
    // After the answer that tells the session's id.
    setImmediate(() => void context.notify('session/update', {
      sessionId, update: { sessionUpdate: 'available_commands_update', availableCommands },
    }).catch(() => {}))
  }

  const app = agent({ name })
    .onRequest('initialize', () => ({
      protocolVersion: PROTOCOL_VERSION,
      agentCapabilities: { loadSession: load !== undefined },
      agentInfo: { name, version: '0.0.0' },
      authMethods: [],
    }))
    .onRequest('session/new', ({ client, params }) => {
      const sessionId = randomUUID()
      open(client, sessionId, params.cwd)
      return { sessionId }
    })
    .onRequest('session/load', async ({ client, params: { sessionId, cwd } }) => {
      const past = await load?.(sessionId, cwd)
      if (past === undefined) throw RequestError.sessionNotFound(sessionId)
      for (const { role, text } of past) {
        const sessionUpdate = role === 'user' ? 'user_message_chunk' : 'agent_message_chunk'
        await client.notify('session/update', { sessionId, update: { sessionUpdate, content: { type: 'text', text } } })
      }
      open(client, sessionId, cwd)
      return {}
    })
    .onRequest('session/prompt', async ({ client, params: { sessionId, prompt } }) => {
      const cwd = folders.get(sessionId)
      if (cwd === undefined) throw RequestError.sessionNotFound(sessionId)
      running.get(sessionId)?.abort()
      const controller = new AbortController()
      running.set(sessionId, controller)
      const { signal } = controller
      const update = (what: SessionUpdate) => signal.aborted
        ? Promise.resolve()
        : client.notify('session/update', { sessionId, update: what })
      const text = prompt.map(block => block.type === 'text' ? block.text : '').join('\n').trim()
      const shown = new Set<string>()
      try {
        await answer({
          sessionId, cwd, text, signal,
          say: markdown => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: markdown } }),
          think: thought => update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: thought } }),
          tool: call => {
            const sessionUpdate = shown.has(call.toolCallId) ? 'tool_call_update' : 'tool_call'
            shown.add(call.toolCallId)
            return update({ ...call, sessionUpdate } as SessionUpdate)
          },
          plan: steps => update({
            sessionUpdate: 'plan',
            entries: steps.map(step => ({ content: step.text, status: step.status, priority: 'medium' })),
          }),
        })
        return { stopReason: signal.aborted ? 'cancelled' : 'end_turn' }
      } catch (error) {
        if (signal.aborted) return { stopReason: 'cancelled' }
        throw RequestError.internalError(problemOf(error))
      } finally {
        if (running.get(sessionId) === controller) running.delete(sessionId)
      }
    })
    .onNotification('session/cancel', ({ params }) => running.get(params.sessionId)?.abort())

  process.stdout.on('error', () => process.exit(0))
  const stdin = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>
  const connection = app.connect(ndJsonStream(Writable.toWeb(process.stdout), stdin))
  // The hive is gone: so is the reason to live.
  void connection.closed.then(() => process.exit(0))
}

/** What the hive shows of an error: its message, and its code and kind when it is a `HiveError`. */
const problemOf = (error: unknown) => {
  const details = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Error && error.name === 'HiveError' && 'code' in error && 'kind' in error)) return { details }
  return { details, problem: { code: error.code, kind: error.kind, detail: details } }
}
