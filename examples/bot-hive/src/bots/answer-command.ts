import type { BotAgent, BotTurn, Command } from './agent.ts'

/** A slash command that answers by itself. */
export interface AnsweringCommand extends Command {
  /** Answers; the text it returns is said last. What it throws is shown to the person. */
  readonly run: (argument: string, turn: BotTurn) => Promise<string | undefined>
}

/** Makes the part of a bot that answers slash commands, with a `/help`, and says what it can do to anything else. */
export const answerCommand = (purpose: string, own: readonly AnsweringCommand[]): Pick<BotAgent, 'commands' | 'answer'> => {
  const help: AnsweringCommand = {
    name: 'help',
    description: 'Lists what I can do.',
    run: async () => overview(),
  }
  const commands = [...own, help]
  const overview = () => [
    purpose,
    '',
    ...commands.map(({ name, hint, description }) => `- \`/${name}${hint ? ` ${hint}` : ''}\` ${description}`),
  ].join('\n')

  return {
    commands: commands.map(({ name, description, hint }) => ({ name, description, ...(hint === undefined ? {} : { hint }) })),
    answer: async turn => {
      const [, name, argument = ''] = /^\/?(\S+)\s*([^]*)$/.exec(turn.text) ?? []
      const command = commands.find(each => each.name === name?.toLowerCase() && turn.text.startsWith('/'))
      if (!command) {
        const unknown = turn.text.startsWith('/') ? `I do not know \`/${name ?? ''}\`. ` : ''
        return turn.say(`${unknown}${overview()}`)
      }
      const answer = await command.run(argument.trim(), turn)
      if (answer !== undefined) await turn.say(answer)
    },
  }
}
