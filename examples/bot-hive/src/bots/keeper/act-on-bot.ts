import { plain } from '../markdown.ts'
import type { BotVerb, KeeperCommand } from './hive-api.ts'

/** Makes a command that does something to one bot. */
export const actOnBot = (verb: BotVerb, description: string, options: { readonly notMyself?: boolean } = {}): KeeperCommand =>
  hive => ({
    name: verb,
    description,
    hint: '<bot>',
    run: async (argument, { signal }) => {
      if (!argument) return `Which bot? For example \`/${verb} ${(await hive.bots(signal))[0]?.id ?? 'worker'}\`.`
      const { id } = await hive.find(argument, signal)
      if (options.notMyself && id === process.env.HIVE_BOT_ID)
        return `I would cut off my own answer. To ${verb} me, use the list of bots.`
      const bot = await hive.act(id, verb, signal)
      const state = bot.paused ? `${bot.state}, paused` : bot.state
      return `**${plain(bot.name)}** is ${state}${bot.reason ? `: ${plain(bot.reason)}` : '.'}`
    },
  })
