import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import { z } from 'zod'
import { defaultHiveLimits, HiveLimits } from './hive/hive-capacity.ts'
import { BotDefinition } from './hive/bots/definition.ts'

/** Everything that a hive is told from outside. */
export interface HiveConfig {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  /** Required to do anything, when set. */
  readonly token: string | undefined
  /** Names under which the hive may be reached, beside its own addresses. */
  readonly allowedHosts: readonly string[]
  /** How long replies in flight may go on when the hive is told to stop. */
  readonly drainMs: number
  /** From one scrape of the hive's own figures to the next. */
  readonly scrapeMs: number
  /** How often a backup is made, in milliseconds; 0 for never unasked. */
  readonly backupEveryMs: number
  /** The configuration file beside the one that comes with the hive, if there is one. */
  readonly configFile: string | undefined
  readonly limits: HiveLimits
  /** The p95 of replies, from message to end, at which nobody complains. */
  readonly replyTargetMs: number
  readonly bots: readonly BotDefinition[]
}

/** What `--help` says of the environment. */
export const environmentHelp = `  HIVE_PORT           port to listen on; 0 takes a free one (4280)
  HIVE_HOST           address to listen on (127.0.0.1); any other than loopback needs HIVE_TOKEN
  HIVE_TOKEN          what callers must present; needed off loopback (none)
  HIVE_ALLOWED_HOSTS  further names under which the hive is reached, with commas (none)
  HIVE_DATA_DIR       where messages and bots' folders are kept (.hive)
  HIVE_CONFIG         a file with bots of yours (hive.config.json in the data folder or the working folder)
  HIVE_DRAIN_MS       how long replies may finish on SIGTERM (10000)
  HIVE_SCRAPE_MS      how often the hive keeps its figures, from 100 (10000)
  HIVE_BACKUP_HOURS   how often a backup is made into the data folder, in hours; 0 makes none unasked (24)`

/** The bots that come with the hive. */
const bundled = join(import.meta.dirname, '..', 'hive.config.json')

/** Reads the environment and the configuration files. Fails with what was expected and what came. */
export const readConfig = (env: NodeJS.ProcessEnv, workingDir: string): Result<HiveConfig, HiveError> => {
  const host = env['HIVE_HOST'] || '127.0.0.1'
  const token = env['HIVE_TOKEN'] || undefined
  if (!isLoopback(host) && token === undefined)
    return fail('invalid_argument', `HIVE_HOST is ${host}, which others can reach, and HIVE_TOKEN is not set. ` +
      `Set HIVE_TOKEN to a long random secret, or leave HIVE_HOST at 127.0.0.1.`)

  const port = integer(env, 'HIVE_PORT', 4280, 65_535)
  if (port.isErr()) return err(port.error)
  const drainMs = integer(env, 'HIVE_DRAIN_MS', 10_000, 3_600_000)
  if (drainMs.isErr()) return err(drainMs.error)
  const scrapeMs = integer(env, 'HIVE_SCRAPE_MS', 10_000, 3_600_000, 100)
  if (scrapeMs.isErr()) return err(scrapeMs.error)

  const backupHours = hours(env, 'HIVE_BACKUP_HOURS', 24, 8_760)
  if (backupHours.isErr()) return err(backupHours.error)

  const dataDir = resolve(workingDir, env['HIVE_DATA_DIR'] || '.hive')
  const own = env['HIVE_CONFIG'] ? [resolve(workingDir, env['HIVE_CONFIG'])]
    : [join(dataDir, 'hive.config.json'), join(workingDir, 'hive.config.json')].filter(file => existsSync(file)).slice(0, 1)
  const bots = new Map<string, BotDefinition>()
  let limits: HiveLimits = defaultHiveLimits
  let replyTargetMs = 10_000
  for (const file of [bundled, ...own]) {
    const read = readFile(file)
    if (read.isErr()) return err(read.error)
    for (const bot of read.value.bots) bots.set(bot.id, bot)
    limits = { ...limits, ...read.value.limits }
    replyTargetMs = read.value.replyTargetMs ?? replyTargetMs
  }
  const allowedHosts = (env['HIVE_ALLOWED_HOSTS'] ?? '').split(',').map(name => name.trim().toLowerCase()).filter(Boolean)
  return ok({
    host, port: port.value, dataDir, token, allowedHosts, drainMs: drainMs.value, scrapeMs: scrapeMs.value, backupEveryMs: backupHours.value * 3_600_000, configFile: own[0],
    limits, replyTargetMs, bots: [...bots.values()],
  })
}

/** Tells whether an address can be reached from this machine alone. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

const integer = (env: NodeJS.ProcessEnv, name: string, fallback: number, max: number, min = 0): Result<number, HiveError> => {
  const given = env[name]
  if (given === undefined || given === '') return ok(fallback)
  const value = Number(given)
  return /^\d+$/.test(given) && value >= min && value <= max ? ok(value)
    : fail('invalid_argument', `${name} must be a whole number from ${min} to ${max}, got "${given}".`)
}

const hours = (env: NodeJS.ProcessEnv, name: string, fallback: number, max: number): Result<number, HiveError> => {
  const given = env[name]
  if (given === undefined || given === '') return ok(fallback)
  return /^\d+(\.\d+)?$/.test(given) && Number(given) <= max ? ok(Number(given))
    : fail('invalid_argument', `${name} must be a number from 0 to ${max}, got "${given}".`)
}

const BotEntry = z.strictObject({
  ...BotDefinition.shape,
  name: BotDefinition.shape.name.optional(),
  command: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
})

/** The shape of `hive.config.json`. */
const ConfigFile = z.strictObject({
  $schema: z.string().optional(), bots: z.array(BotEntry).default([]), limits: HiveLimits.partial().optional(),
  replyTargetMs: z.number().int().min(1).max(3_600_000).optional(),
})

const readFile = (file: string): Result<{ bots: BotDefinition[]; limits: Partial<HiveLimits>; replyTargetMs: number | undefined }, HiveError> => {
  let parsed
  try {
    parsed = ConfigFile.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    return fail('invalid_argument', `Cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
  if (!parsed.success) return fail('invalid_argument', `${file} is not as expected:\n${z.prettifyError(parsed.error)}`)
  const ids = parsed.data.bots.map(bot => bot.id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice !== undefined) return fail('invalid_argument', `${file} names the bot "${twice}" twice.`)
  return ok({ bots: parsed.data.bots.map(entry => definitionOf(entry, dirname(file))), limits: parsed.data.limits as Partial<HiveLimits> ?? {}, replyTargetMs: parsed.data.replyTargetMs })
}

/** Paths that start with a dot are meant from the configuration file; `node` is the Node that runs the hive. */
const definitionOf = ({ command, args, name, cwd, ...rest }: z.infer<typeof BotEntry>, folder: string): BotDefinition => {
  const place = (text: string) => (/^\.{1,2}[\\/]/.test(text) ? resolve(folder, text) : text)
  const [program, ...first] = [command].flat()
  return {
    ...rest,
    name: name ?? rest.id,
    command: program === 'node' ? process.execPath : place(program!),
    args: [...first, ...args].map(place),
    ...(cwd === undefined ? {} : { cwd: resolve(folder, cwd) }),
  }
}
