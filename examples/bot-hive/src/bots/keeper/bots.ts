import { plain } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

/** `/bots` */
export const bots: KeeperCommand = hive => ({
  name: 'bots',
  description: 'Lists the bots and what they understand.',
  run: async (_, { signal }) => {
    const all = await hive.bots(signal)
    return all.map(({ id, name, description, commands }) => [
      `- **${plain(name)}** (\`${id}\`) ${plain(description)}`,
      ...commands.map(command => `  - \`/${command.name}${command.hint ? ` ${command.hint}` : ''}\` ${plain(command.description)}`),
    ].join('\n')).join('\n')
  },
})
