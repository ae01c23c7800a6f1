import { runAgent } from './agent.ts'
import { answerCommand } from './answer-command.ts'
import { openConversations } from './llm/conversations.ts'
import { complete } from './llm/complete.ts'
import { readSettings } from './llm/settings.ts'

/* Talks to any OpenAI-compatible endpoint. Remembers each conversation in its working folder. */
const settings = readSettings(process.env)
const conversations = openConversations()

const { commands, answer: answerSlash } = answerCommand('I pass on what you write to a language model. Just write.', [
  {
    name: 'model',
    description: 'Tells which model answers.',
    run: async () => settings.match(
      ({ model, baseUrl }) => `\`${model}\` at ${baseUrl.href}`,
      error => error.message,
    ),
  },
  {
    name: 'forget',
    description: 'Forgets this conversation.',
    run: async (_, { sessionId, cwd }) => {
      await conversations.forget(sessionId, cwd)
      return 'Forgotten. We start anew.'
    },
  },
])

runAgent({
  name: 'llm',
  commands,
  load: (sessionId, cwd) => conversations.load(sessionId, cwd),
  answer: async turn => {
    if (commands.some(({ name }) => new RegExp(`^/${name}\\b`).test(turn.text))) return answerSlash(turn)
    if (settings.isErr()) return turn.say(settings.error.message)
    const { sessionId, cwd, text, signal } = turn
    const past = (await conversations.load(sessionId, cwd)) ?? []
    let reply = ''
    try {
      for await (const piece of complete(settings.value, [...past, { role: 'user', text }], signal)) {
        if (piece.type === 'text') reply += piece.text
        await (piece.type === 'text' ? turn.say(piece.text) : turn.think(piece.text))
      }
    } finally {
      // What was said was read, also when it was cut off: the next question may be about it.
      if (reply !== '') await conversations.add(sessionId, cwd, [{ role: 'user', text }, { role: 'assistant', text: reply }])
    }
  },
})
