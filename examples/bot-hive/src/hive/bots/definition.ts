import { z } from 'zod'

/** What a bot is before it runs: one entry of `hive.config.json`. */
export const BotDefinition = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/).meta({ description: 'Lower-case letters, digits, "-" and "_".' }),
  name: z.string().min(1).max(100),
  description: z.string().max(1_000).default(''),
  command: z.string().min(1).meta({ description: 'A program on the PATH, or a path to one.' }),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}).meta({ description: 'On top of the environment of the hive.' }),
  cwd: z.string().optional().meta({ description: 'Its working folder; `<data dir>/bots/<id>` unless stated.' }),
  maxConcurrent: z.number().int().min(1).max(1_000).default(4).meta({ description: 'Replies it may make at once.' }),
  autoStart: z.boolean().default(true).meta({ description: 'Started together with the hive.' }),
  operator: z.boolean().default(false).meta({ description: 'Gets HIVE_URL and HIVE_TOKEN, so it may operate the hive.' }),
  replyTimeoutMs: z.number().int().min(100).default(120_000).meta({ description: 'How long a reply may show no progress.' }),
  heartbeat: z.boolean().default(true).meta({ description: 'Killed and restarted when it stops answering pings.' }),
}).meta({ id: 'BotDefinition' })
export type BotDefinition = Readonly<z.infer<typeof BotDefinition>>
