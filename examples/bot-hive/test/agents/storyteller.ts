// Tells what it is asked for, in every way that a bot can: `rich`, `long N`, `slow N`, `plan`, `ask`, `fail`, `die`, or an echo.
import { setTimeout as after } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { agent, ndJsonStream, PROTOCOL_VERSION, RequestError, type AgentContext, type SessionUpdate } from '@agentclientprotocol/sdk'

const rich = `# A short report

The queue is **empty** and every bot answers. Three things are worth knowing:

1. *Latency* fell to \`42 ms\` at the 95th percentile.
2. The backup of [last night](https://example.org/backups) was proven by restoring it.
3. ~~Two~~ one alert is still open.

- [x] check the store
- [ ] look at the alert

| bot | state | replies | p95 |
| --- | :---: | ---: | ---: |
| keeper | ready | 1,204 | 38 ms |
| worker | busy | 87 | 1.2 s |

> Nothing here needs you today.

\`\`\`ts
const hive = await openHive({ dataDir: '.hive' })
for (const bot of hive.bots()) console.log(bot.name, bot.state)
\`\`\`

![a chart](https://example.org/chart.png)
`

const running = new Map<string, AbortController>()

const tell = async (client: AgentContext, sessionId: string, text: string, signal: AbortSignal) => {
  const update = (what: SessionUpdate) => client.notify('session/update', { sessionId, update: what })
  const say = (piece: string) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: piece } })
  const spell = async (what: string, delayMs: number) => {
    for (const piece of what.match(/\S*\s*/g) ?? []) {
      if (signal.aborted) return
      await say(piece)
      if (delayMs > 0) await after(delayMs)
    }
  }
  const [verb = '', count = '20'] = text.replace(/^\//, '').split(/\s+/)
  switch (verb) {
    case 'rich':
      return spell(rich, 0)
    case 'long':
      return say(Array.from({ length: Number(count) }, (_, i) => `Paragraph ${i + 1}. It says **something** of no weight at some length.`).join('\n\n'))
    case 'slow':
      return spell(Array.from({ length: Number(count) }, (_, i) => `word${i + 1} `).join(''), 60)
    case 'plan': {
      await update({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'First look, then count, then say.' } })
      const steps = ['Read the log', 'Count the errors', 'Say what they mean']
      const plan = (done: number) => update({
        sessionUpdate: 'plan',
        entries: steps.map((content, i) => ({ content, priority: 'medium', status: i < done ? 'completed' : i === done ? 'in_progress' : 'pending' })),
      })
      await plan(0)
      await update({ sessionUpdate: 'tool_call', toolCallId: 'log', title: 'Read hive.log', kind: 'read', status: 'in_progress' })
      await after(150)
      await update({
        sessionUpdate: 'tool_call_update', toolCallId: 'log', status: 'completed',
        content: [{ type: 'content', content: { type: 'text', text: '12:01 keeper ready\n12:02 worker crashed: out of memory\n12:02 worker restarting' } }],
      })
      await plan(1)
      await update({ sessionUpdate: 'tool_call', toolCallId: 'count', title: 'Count errors in hive.log', kind: 'search', status: 'failed' })
      await plan(2)
      await say('One error in the last hour: the worker ran **out of memory**.')
      return plan(3)
    }
    case 'ask': {
      const { outcome } = await client.request('session/request_permission', {
        sessionId,
        toolCall: { toolCallId: 'drop', title: 'Delete 3 old backups?' },
        options: [
          { optionId: 'yes', name: 'Delete them', kind: 'allow_once' },
          { optionId: 'no', name: 'Keep them', kind: 'reject_once' },
        ],
      })
      return say(outcome.outcome === 'selected' && outcome.optionId === 'yes' ? 'Deleted.' : 'Kept.')
    }
    case 'fail':
      throw RequestError.internalError({ details: 'The model is not there.' })
    case 'die':
      process.stderr.write('Out of memory, giving up.\n')
      return process.exit(3)
    default:
      return say(text)
  }
}

const app = agent({ name: 'storyteller' })
  .onRequest('initialize', () => ({
    protocolVersion: PROTOCOL_VERSION, agentCapabilities: {}, agentInfo: { name: 'storyteller', version: '1' }, authMethods: [],
  }))
  .onRequest('session/new', ({ client }) => {
    const sessionId = randomUUID()
    const command = (name: string, description: string, hint?: string) => ({ name, description, ...(hint ? { input: { hint } } : {}) })
    setImmediate(() => void client.notify('session/update', {
      sessionId,
      update: {
        sessionUpdate: 'available_commands_update',
        availableCommands: [
          command('rich', 'Shows everything that Markdown can.'),
          command('plan', 'Makes a plan and follows it.'),
          command('slow', 'Takes its time.', 'how many words'),
          command('ask', 'Asks before it does something.'),
        ],
      },
    }).catch(() => {}))
    return { sessionId }
  })
  .onRequest('session/prompt', async ({ client, params: { sessionId, prompt } }) => {
    const controller = new AbortController()
    running.set(sessionId, controller)
    const text = prompt.map(block => block.type === 'text' ? block.text : '').join('').trim()
    await tell(client, sessionId, text, controller.signal)
    return { stopReason: controller.signal.aborted ? 'cancelled' : 'end_turn' }
  })
  .onNotification('session/cancel', ({ params }) => running.get(params.sessionId)?.abort())

const stdin = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>
void app.connect(ndJsonStream(Writable.toWeb(process.stdout), stdin)).closed.then(() => process.exit(0))
