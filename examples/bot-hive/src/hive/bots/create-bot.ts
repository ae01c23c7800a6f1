import { resolve } from 'node:path'
import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { Bot, BotCommand, BotState } from '../model.ts'
import { createRestartPolicy } from './backoff.ts'
import type { BotLimits, BotOptions, BotProcess, StopOptions } from './bot.ts'
import { systemClock } from './clock.ts'
import type { BotDefinition } from './definition.ts'
import { botEnvironment } from './environment.ts'
import { endLeftover, rememberProcess } from './leftover.ts'
import { createLog } from './log.ts'
import { startProcess } from './process.ts'
import { type BotRun, startRun } from './run.ts'

/** What a bot is limited to unless told otherwise. */
export const botLimits: BotLimits = {
  handshakeMs: 30_000,
  sessionMs: 30_000,
  pingMs: 5_000,
  hungMs: 15_000,
  cancelGraceMs: 5_000,
  drainMs: 10_000,
  killMs: 3_000,
  restartMinMs: 500,
  restartMaxMs: 30_000,
  healthyMs: 60_000,
  maxCrashes: 6,
  maxLineBytes: 8 * 2 ** 20,
  maxReplyChars: 2 * 2 ** 20,
  maxUselessBytes: 64 * 2 ** 20,
  maxUnreadBytes: 16 * 2 ** 20,
}

/**
 * Supervises a bot: starts its process, starts it again when it crashes or hangs, and runs turns on it.
 * Nothing runs until `launch`.
 *
 * starting → ready ⇄ busy → draining → stopped; a crash leads to restarting, and too many of them to stopped.
 */
export const createBot = (definition: BotDefinition, options: BotOptions): BotProcess => {
  const { onChange = () => {}, onLog, operatorEnv, pidFile, clock = systemClock, random = Math.random } = options
  const limits = { ...botLimits, ...options.limits }
  const cwd = resolve(definition.cwd ?? options.cwd)
  const log = createLog(clock, onLog)
  const restarts = createRestartPolicy(limits, random)

  let state: Exclude<BotState, 'busy'> = 'stopped'
  let reason: string | undefined
  let paused = false
  let crashes = 0
  let running = 0
  let commands: BotCommand[] = []
  let run: BotRun | undefined
  let startedAt: number | undefined
  let restartAt: number | undefined
  let cancelRestart = () => {}
  let starting: Promise<Result<void, HiveError>> | undefined
  let stopping: Promise<void> | undefined
  let spawning: ReturnType<typeof startProcess> | undefined
  let idle = () => {}
  let stirred = false
  let calming = false

  const become = (next: typeof state, why?: string) => {
    state = next
    reason = why
    if (next !== 'restarting') restartAt = undefined
    onChange()
  }

  /** Turns come and go by the hundred a second: tells of them ten times a second at most. */
  const stir = () => {
    stirred = true
    if (calming) return
    calming = true
    const tell = () => {
      calming = stirred
      if (!stirred) return
      stirred = false
      onChange()
      clock.after(100, tell)
    }
    tell()
  }

  const start = (): Promise<Result<void, HiveError>> => {
    cancelRestart()
    become('starting')
    starting = live().finally(() => {
      starting = undefined
    })
    return starting
  }

  /** One life of the process, up to the point where it is ready. */
  const live = async (): Promise<Result<void, HiveError>> => {
    log.mark()
    if (pidFile !== undefined) endLeftover(pidFile)
    spawning = startProcess({
      command: definition.command,
      args: definition.args,
      env: botEnvironment(definition, operatorEnv?.()),
      cwd,
      makeCwd: definition.cwd === undefined,
    })
    const child = await spawning
    if (child.isErr()) {
      died(child.error, 0)
      return err(child.error)
    }
    if (pidFile !== undefined) rememberProcess(pidFile, child.value.pid)
    const { replyTimeoutMs, heartbeat } = definition
    const life = startRun({
      child: child.value, cwd, clock, limits, log, replyTimeoutMs, heartbeat,
      onCommands: next => {
        if (JSON.stringify(next) === JSON.stringify(commands)) return
        commands = next
        onChange()
      },
    })
    run = life
    startedAt = clock.now()
    onChange()
    let readyAt: number | undefined
    const watchEnd = async () => {
      const end = await life.ended
      run = undefined
      died(end, readyAt === undefined ? 0 : clock.now() - readyAt)
    }
    void watchEnd()
    const ready = await life.ready
    if (ready.isErr()) return ready
    readyAt = clock.now()
    if (state === 'starting') become('ready')
    return state === 'ready' ? ok(undefined) : fail('cancelled', 'It was stopped while it started.')
  }

  const died = (end: HiveError, healthyMs: number) => {
    startedAt = undefined
    if (stopping) return
    if (end.kind === 'permanent') return become('stopped', end.message)
    crashes++
    const next = restarts.crashed(healthyMs)
    if (!next.retry) return become('stopped', `Crashed ${next.crashes} times in a row. The last time: ${end.message}`)
    restartAt = clock.now() + next.delayMs
    cancelRestart = clock.after(next.delayMs, () => void start())
    become('restarting', end.message)
  }

  const stop = async ({ reason: why, drainMs = limits.drainMs }: StopOptions) => {
    cancelRestart()
    become('draining', why)
    await spawning
    if (run && running > 0 && drainMs > 0) {
      const { promise, resolve: done } = Promise.withResolvers<void>()
      const late = clock.after(drainMs, done)
      idle = done
      await Promise.race([promise, run.ended])
      late()
    }
    const end = new HiveError('cancelled', why ?? `${definition.name} was stopped.`)
    run?.cancelAll(end)
    await run?.end(end)
    await starting
    become('stopped', why)
  }

  const bot: BotProcess = {
    id: definition.id,
    snapshot: () => {
      const { id, name, description, command, args, maxConcurrent } = definition
      const lastHeartbeat = run?.lastHeartbeat()
      return {
        id, name, description, maxConcurrent, paused, commands, running,
        command: [command, ...args],
        state: state === 'ready' && running > 0 ? 'busy' : state,
        restarts: crashes,
        ...optional({ reason, restartAt, startedAt, lastHeartbeat, pid: run?.pid }),
      } satisfies Omit<Bot, 'queued'>
    },
    launch: async () => {
      if (stopping) await stopping
      if (state === 'ready') return ok(undefined)
      crashes = 0
      restarts.reset()
      return starting ?? start()
    },
    stop: (stopOptions = {}) => {
      if (state === 'stopped') return Promise.resolve()
      stopping ??= stop(stopOptions).finally(() => {
        stopping = undefined
      })
      return stopping
    },
    restart: async () => {
      await bot.stop()
      return bot.launch()
    },
    pause: () => {
      paused = true
      onChange()
    },
    resume: () => {
      paused = false
      onChange()
    },
    prompt: async turn => {
      if (paused) return fail('unavailable', `${definition.name} is paused.`)
      if (!run || state !== 'ready') return fail('unavailable', `${definition.name} is ${state}${reason ? `: ${reason}` : '.'}`)
      running++
      stir()
      try {
        return await run.prompt(turn)
      } catch (cause) {
        return fail('internal', 'The reply failed inside the hive.', { cause })
      } finally {
        running--
        if (running === 0) idle()
        stir()
      }
    },
    log: log.lines,
    [Symbol.asyncDispose]: () => bot.stop({ drainMs: 0 }),
  }
  return bot
}

/** Leaves out what is undefined. */
const optional = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
