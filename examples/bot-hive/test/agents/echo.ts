// Answers what it is told after DELAY_MS (0). `spell N` answers N pieces, one at a time.
import { setTimeout as after } from 'node:timers/promises'
import { runAgent } from '../../src/bots/agent.ts'

const delayMs = Number(process.env.DELAY_MS ?? 0)

runAgent({
  name: 'echo',
  commands: [{ name: 'shout', description: 'Says it louder.', hint: 'what' }],
  load: async id => id.startsWith('old-') ? [{ role: 'user', text: 'before' }, { role: 'assistant', text: 'before' }] : undefined,
  answer: async turn => {
    if (delayMs > 0) await after(delayMs)
    await turn.say(turn.text.startsWith('/shout ') ? turn.text.slice(7).toUpperCase() : turn.text)
  },
})
