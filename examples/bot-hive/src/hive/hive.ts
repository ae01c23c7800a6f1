import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CapacityReport } from '@hivekit/capacity'
import { openSessionStore, type BotSessions, type ExportedSession, type ExportFormat, type SearchPage } from '@hivekit/chat-session'
import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { MetricFamily } from '@hivekit/metrics'
import type { HiveConfig } from '../config.ts'
import type { BotProcess } from './bots/bot.ts'
import { createBot } from './bots/create-bot.ts'
import { coalesce } from './coalesce.ts'
import { lockFolder } from './data-folder.ts'
import { createHiveErrors, type HiveErrors } from './hive-errors.ts'
import { createEventLog, type EventLog } from './events.ts'
import { openHiveBackups, type HiveBackups } from './hive-backups.ts'
import { createBotPermits, createHiveCapacity, setHiveLimits, type HiveLimits } from './hive-capacity.ts'
import { exportInBackground } from './hive-exports.ts'
import { createHiveHealth, type HiveHealthReport, type ModeRequest } from './hive-health.ts'
import { createHiveHistory, type HiveHistory } from './hive-history.ts'
import { createHiveMetrics } from './hive-metrics.ts'
import { asMessage, asSession, type Bot, type HiveEvent } from './model.ts'
import { createTurns } from './turns.ts'

/** A message of a person, and where its reply will be. */
export interface Asked {
  readonly messageId: string
  readonly replyId: string
  /** How many replies come first. */
  readonly ahead: number
  /** How long until the reply begins, in milliseconds; 0 while nothing is known. */
  readonly expectedWaitMs: number
}

/** Everything one can do with a hive; the HTTP API is a thin coat over it. */
export interface Hive extends AsyncDisposable {
  readonly state: 'running' | 'draining'
  readonly startedAt: number
  readonly events: EventLog
  /** What goes wrong, counted. */
  readonly errors: HiveErrors
  readonly backups: HiveBackups
  bots(): Bot[]
  bot(botId: string): Result<Bot, HiveError>
  log(botId: string): Result<ReturnType<BotProcess['log']>, HiveError>
  /** Does it, and answers the bot as it is then. */
  operate(botId: string, action: BotAction): Promise<Result<Bot, HiveError>>
  /** The door to one bot's sessions. */
  sessionsOf(botId: string): Result<BotSessions, HiveError>
  /** The door to the sessions among which one is. */
  sessionsWith(sessionId: string): Promise<Result<BotSessions, HiveError>>
  /** Stores what a person says, durably, and has the bot answer. */
  ask(sessionId: string, text: string, idempotencyKey?: string): Promise<Result<Asked, HiveError>>
  /** Cancels the reply in progress and those waiting; answers how many. */
  cancel(sessionId: string): Promise<Result<number, HiveError>>
  /** Answers a question that the bot asked on the way. */
  answer(sessionId: string, questionId: string, optionId: string): Promise<Result<void, HiveError>>
  deleteSession(sessionId: string): Promise<Result<void, HiveError>>
  /** Finds messages in the sessions of one bot, or of all, the newest first. */
  search(query: string, page?: { readonly botId?: string; readonly limit?: number; readonly cursor?: string }): Promise<Result<SearchPage, HiveError>>
  /** Exports a session once the replies that wait have begun. The signal must abort when the content is not read to its end. */
  exportSession(sessionId: string, format: ExportFormat, signal: AbortSignal): Promise<Result<ExportedSession, HiveError>>
  /** Fails when messages cannot be stored. */
  checkReady(): Promise<Result<void, HiveError>>
  /** What the hive may use, and what it uses. */
  capacity(): CapacityReport
  /** Changes limits at once; they are as configured again after a restart. */
  setLimits(limits: { readonly [name in keyof HiveLimits]?: HiveLimits[name] | undefined }): void
  /** How the hive is, why, where that is going, and the mode it is in. */
  health(): HiveHealthReport
  /** Goes to a mode whatever the score says; undefined goes back to what the score says. */
  setMode(request: ModeRequest | undefined): void
  /** What figures were, and the alerts that watch them. */
  readonly history: HiveHistory
  /** All figures as they are now. */
  metrics(): readonly MetricFamily[]
  /** Launches the bots that start by themselves, and takes up the replies that were waiting when the hive last stopped. */
  start(address: string): Promise<void>
  /** Takes no more messages and lets replies end for a while. Disposing comes after it. */
  drain(): Promise<void>
}

export type BotAction = 'launch' | 'stop' | 'restart' | 'pause' | 'resume'

/** Opens the data folder and joins store, bots, turns and events. A message's way through it is drawn in the architecture guide. */
export const openHive = async (config: HiveConfig): Promise<Result<Hive, HiveError>> => {
  const folder = lockFolder(config.dataDir)
  if (folder.isErr()) return err(folder.error)
  const opened = await openSessionStore({ path: join(config.dataDir, 'sessions.db') })
  if (opened.isErr()) {
    folder.value[Symbol.dispose]()
    return err(opened.error)
  }
  const store = opened.value
  const capacity = createHiveCapacity(config.limits)
  const errors = createHiveErrors()
  const events = createEventLog()
  const idsOf = (which: 'autoStart' | 'operator') => new Set(config.bots.filter(bot => bot[which]).map(({ id }) => id))
  const health = createHiveHealth({
    bots: () => list(), capacity, autoStarted: idsOf('autoStart'), operators: idsOf('operator'), replyTargetMs: config.replyTargetMs,
  })
  const metrics = createHiveMetrics(() => list(), [capacity, errors.metrics, health])
  const publish = (event: HiveEvent) => {
    metrics.observe(event)
    errors.observe(event)
    health.observe(event)
    events.publish(event)
  }

  const permits = createBotPermits(capacity)
  const backups = openHiveBackups(capacity, config)
  let address = ''
  let state: Hive['state'] = 'running'
  const bots = new Map<string, BotProcess>()
  const turns = createTurns({ bots, capacity, store, publish, onWaiting: id => tellBot(id), maxWaiting: health.maxWaiting })
  const snapshot = (bot: BotProcess): Bot => ({ ...bot.snapshot(), queued: turns.waiting(bot.id) })
  const list = () => [...bots.values()].map(snapshot)
  const tellBot = coalesce(100, id => publish({ type: 'bot', bot: snapshot(bots.get(id)!) }))

  for (const definition of config.bots) {
    const cwd = join(config.dataDir, 'bots', definition.id)
    mkdirSync(cwd, { recursive: true })
    const bot = createBot(definition, {
      cwd,
      pidFile: join(config.dataDir, 'bots', `${definition.id}.pid`),
      operatorEnv: () => ({ HIVE_URL: address, ...(config.token === undefined ? {} : { HIVE_TOKEN: config.token }) }),
      onChange: () => {
        if (bots.get(definition.id)?.snapshot().state === 'stopped') permits.release(definition.id)
        tellBot(definition.id)
        turns.look(definition.id)
      },
    })
    bots.set(definition.id, bot)
  }

  store.onEvent(event => {
    if (event.type === 'message') publish({ type: 'message', botId: event.botId, message: asMessage(event.message) })
    else if (event.type === 'session') publish({ type: 'session', session: asSession(event.session) })
    else publish(event)
  })

  // Before anybody can say something new, so that nothing new comes before what waited.
  const left = await store.recover()
  if (left.isErr()) {
    await health[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    folder.value[Symbol.dispose]()
    return err(left.error)
  }
  await turns.resume(left.value.pending)

  const find = (botId: string): Result<BotProcess, HiveError> => {
    const bot = bots.get(botId)
    return bot ? ok(bot) : fail('not_found', `There is no bot "${botId}".`)
  }
  const sessionsWith = async (sessionId: string) => (await store.botOf(sessionId)).map(botId => store.forBot(botId))

  const history = createHiveHistory({
    dataDir: config.dataDir, scrapeMs: config.scrapeMs, collect: () => metrics.collect(), print: line => void process.stderr.write(`${line}\n`),
  })

  return ok({
    get state() {
      return state
    },
    startedAt: Date.now(),
    events,
    errors,
    backups,
    bots: list,
    bot: botId => find(botId).map(snapshot),
    log: botId => find(botId).map(bot => bot.log()),
    operate: async (botId, action) => {
      const bot = find(botId)
      if (bot.isErr()) return err(bot.error)
      if (action === 'launch' || action === 'restart') {
        const permit = permits.acquire(botId)
        if (permit.isErr()) return err(permit.error)
      }
      const done = await bot.value[action]()
      return done?.isErr() ? err(done.error) : ok(snapshot(bot.value))
    },
    sessionsOf: botId => find(botId).map(bot => store.forBot(bot.id)),
    sessionsWith,
    ask: async (sessionId, text, idempotencyKey) => {
      if (state === 'draining') return fail('unavailable', 'The hive is stopping. Send it again in a moment.', { retryAfterMs: 5_000 })
      const sessions = await sessionsWith(sessionId)
      if (sessions.isErr()) return err(sessions.error)
      const bot = find(sessions.value.botId)
      if (bot.isErr()) return err(bot.error)
      const { state: botState, name, reason } = bot.value.snapshot()
      if (botState === 'stopped') return fail('conflict', `${name} is stopped${reason ? ` (${reason})` : ''}. Launch it to talk to it.`)

      const open = health.checkChat(bot.value.id)
      if (open.isErr()) return err(open.error)
      const room = turns.checkRoom(bot.value.id)
      if (room.isErr()) return err(room.error)
      const stored = await sessions.value.ask(sessionId, { parts: [{ type: 'text', text }], ...(idempotencyKey === undefined ? {} : { idempotencyKey }) })
      if (stored.isErr()) return err(stored.error)
      const { message, reply, repeated } = stored.value
      const place = repeated ? { ahead: 0, expectedWaitMs: 0 } : turns.add(bot.value.id, { sessionId, replyId: reply.id, text })
      return ok({ messageId: message.id, replyId: reply.id, ...place })
    },
    cancel: async sessionId => {
      const owner = await store.botOf(sessionId)
      return owner.isErr() ? err(owner.error) : ok(await turns.cancel(sessionId, 'You cancelled it.'))
    },
    answer: async (sessionId, questionId, optionId) => {
      const owner = await store.botOf(sessionId)
      if (owner.isErr()) return err(owner.error)
      return turns.answer(sessionId, questionId, optionId) ? ok(undefined)
        : fail('conflict', `No question "${questionId}" with a choice "${optionId}" waits for an answer in this session.`)
    },
    deleteSession: async sessionId => {
      const sessions = await sessionsWith(sessionId)
      if (sessions.isErr()) return err(sessions.error)
      await turns.cancel(sessionId, 'The session was deleted.')
      return sessions.value.delete(sessionId)
    },
    search: async (query, { botId, ...page } = {}) => {
      if (botId === undefined) return store.search(query, page)
      const bot = find(botId)
      return bot.isErr() ? err(bot.error) : store.forBot(botId).search(query, page)
    },
    exportSession: async (sessionId, format, signal) => {
      const open = health.checkExports()
      if (open.isErr()) return err(open.error)
      const sessions = await sessionsWith(sessionId)
      return sessions.isErr() ? err(sessions.error) : exportInBackground(capacity, { sessions: sessions.value, sessionId, format, signal })
    },
    checkReady: async () => state === 'draining' ? fail('unavailable', 'The hive is stopping.')
      : errors.probe.run(() => store.checkWritable(), { idempotent: true }),
    capacity: () => capacity.report(),
    setLimits: limits => setHiveLimits(capacity, limits),
    health: health.report,
    setMode: health.setMode,
    history,
    metrics: () => metrics.collect(),
    start: async at => {
      address = at
      for (const { id, autoStart } of config.bots) {
        if (!autoStart) continue
        const permit = permits.acquire(id)
        if (permit.isOk()) void bots.get(id)!.launch()
        else process.stderr.write(`The bot "${id}" is not started: ${permit.error.message}\n`)
      }
      for (const id of bots.keys()) turns.look(id)
      await health.start()
      backups.start()
    },
    drain: async () => {
      state = 'draining'
      publish({ type: 'hive', state })
      await turns.drain(config.drainMs)
    },
    [Symbol.asyncDispose]: async () => {
      await history[Symbol.asyncDispose]()
      await health[Symbol.asyncDispose]()
      await Promise.all([...bots.values()].map(bot => bot[Symbol.asyncDispose]()))
      await backups[Symbol.asyncDispose]()
      await capacity[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      metrics[Symbol.dispose]()
      folder.value[Symbol.dispose]()
    },
  })
}
