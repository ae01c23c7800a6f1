import { fileURLToPath } from 'node:url'
import { BotDefinition } from './definition.ts'

/** The bots that come with the hive. Each is an ordinary ACP agent, started like any other. */
export const bundledBots = (): BotDefinition[] => [
  bundled('keeper', 'Keeper', 'Tells how the hive is and operates its bots.', { operator: true, maxConcurrent: 8 }),
  bundled('worker', 'Worker', 'Does long tasks and shows how they get on.', {}),
  bundled('llm', 'Language model', 'Passes what you write to any OpenAI-compatible endpoint.', { maxConcurrent: 8 }),
]

const bundled = (id: string, name: string, description: string, own: Partial<BotDefinition>) => BotDefinition.parse({
  id,
  name,
  description,
  command: process.execPath,
  args: ['--conditions=@hivekit/source', fileURLToPath(new URL(`../../bots/${id}.ts`, import.meta.url))],
  ...own,
})
