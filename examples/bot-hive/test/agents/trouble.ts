// Misbehaves as it is told to.
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { say, send, serve, update } from './wire.ts'

const ends = new Map<string, (stopReason?: string) => void>()
const flood = (line: string) => {
  while (process.stdout.write(line));
  process.stdout.once('drain', () => flood(line))
}

if (process.env.IGNORES_END !== undefined) {
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1_000)
}

serve({
  prompt: (text, sessionId, end) => {
    const [what, argument = ''] = text.split(' ')
    const answer = (words: string) => {
      say(sessionId, words)
      end()
    }
    ends.set(sessionId, end)
    switch (what) {
      case 'exit':
        say(sessionId, 'Before the end.')
        return process.stderr.write('out of cheese\n', () => process.exit(Number(argument)))
      case 'answer-and-exit':
        process.stdout.write('')
        answer('The last word.')
        return process.stdout.write('', () => process.exit(0))
      case 'kill': return process.kill(process.pid, 'SIGKILL')
      case 'freeze': return process.kill(process.pid, 'SIGSTOP')
      case 'hang': return say(sessionId, 'One moment.')
      case 'deaf': return say(sessionId, 'I will not stop.')
      case 'polite': return say(sessionId, 'Tell me when to stop.')
      case 'late': return say(sessionId, 'Wait for it.')
      case 'garbage':
        process.stdout.write('Hello from a library that prints!\n\u001B[31mred\u001B[0m\n{"half": \n[1,2]\n{"jsonrpc":"1.0","id":1}\n')
        process.stdout.write(`${'é'.repeat(10_000)}\n`)
        process.stdout.write(Buffer.from([0xff, 0xfe, 0x00, 0x0a]))
        send({ id: 987_654, result: {} })
        send({ id: 987_655 })
        send({ method: 'session/update', params: null })
        send({ method: 'session/update', params: { sessionId, update: { sessionUpdate: 'agent_message_chunk', content: 7 } } })
        update(sessionId, { sessionUpdate: 'made_up' })
        return answer('Still here.')
      case 'flood': return flood(`${'x'.repeat(1_000)}\n`)
      case 'chatter': return flood(`${JSON.stringify({
        jsonrpc: '2.0',
        method: 'session/update',
        params: { sessionId, update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'blah ' } } },
      })}\n`)
      case 'endless-line': return flood('x'.repeat(65_536))
      case 'long-line':
        process.stdout.write(`${'x'.repeat(Number(argument))}\n`)
        return answer('After the long line.')
      case 'requests': {
        for (let id = 0; id < 2_000; id++) send({ id, method: 'fs/read_text_file', params: { sessionId, path: '/etc/passwd' } })
        return answer('Nobody read them.')
      }
      case 'questions': {
        for (let id = 0; id < 100; id++) send({ id, method: 'session/request_permission', params: {
          sessionId, toolCall: { toolCallId: 't' }, options: [{ optionId: 'yes', name: 'Yes', kind: 'allow_once' }],
        } })
        return
      }
      case 'close-stdout': return closeSync(1)
      case 'child': {
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
        return answer(String(child.pid))
      }
      case 'env': return answer(JSON.stringify(process.env))
      case 'cwd': return answer(process.cwd())
      default: return answer(text)
    }
  },
  cancel: sessionId => {
    const end = ends.get(sessionId)
    if (process.env.ON_CANCEL === 'late') {
      say(sessionId, 'Too late.')
      end?.('end_turn')
      say(sessionId, 'Even later.')
    } else if (process.env.ON_CANCEL === 'polite') {
      end?.('cancelled')
    }
  },
  ...(process.env.NO_PING === undefined ? {} : { unknown: () => {} }),
})
