import type { BotDefinition } from './definition.ts'

/**
 * The environment of a bot: the hive's own without its `HIVE_*` settings (among them its token), the bot's own id,
 * what makes an operator, and the definition's on top.
 */
export const botEnvironment = (
  definition: BotDefinition,
  operatorEnv: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !/^HIVE_/i.test(entry[0])),
  ),
  HIVE_BOT_ID: definition.id,
  ...(definition.operator ? operatorEnv : {}),
  ...definition.env,
})
