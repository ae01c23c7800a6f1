import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { BotCommand } from '../model.ts'
import { connectAcp } from './acp.ts'
import type { BotLimits } from './bot.ts'
import type { Clock } from './clock.ts'
import { describeExit } from './exit.ts'
import { watchHeartbeat } from './heartbeat.ts'
import type { BotLog } from './log.ts'
import type { BotChild } from './process.ts'
import { createSessions } from './sessions.ts'
import { guardStdio } from './stdio.ts'
import type { Turn, TurnEnd } from './turn.ts'
import { createTurns } from './turns.ts'

/** What one life of a bot's process needs. */
export interface RunOptions {
  readonly child: BotChild
  /** Absolute. */
  readonly cwd: string
  readonly clock: Clock
  readonly limits: BotLimits
  readonly log: BotLog
  readonly replyTimeoutMs: number
  readonly heartbeat: boolean
  readonly onCommands: (commands: BotCommand[]) => void
}

/** One life of a bot's process: from its start to its end, whichever way that comes. */
export interface BotRun {
  readonly pid: number
  /** Settles when it has answered `initialize` and opened a session, or failed to. Never rejects. */
  readonly ready: Promise<Result<void, HiveError>>
  /** Settles, with the reason, when the process is gone or given up. */
  readonly ended: Promise<HiveError>
  /** Epoch milliseconds of the last byte it wrote. */
  readonly lastHeartbeat: () => number | undefined
  readonly prompt: (turn: Turn) => Promise<Result<TurnEnd, HiveError>>
  /** Settles every running turn with this error. */
  readonly cancelAll: (error: HiveError) => void
  /** Asks it to end, then makes it. */
  readonly end: (reason: HiveError) => Promise<void>
}

/** Takes charge of a process that was just started. */
export const startRun = (options: RunOptions): BotRun => {
  const { child, cwd, clock, limits, log, replyTimeoutMs, heartbeat, onCommands } = options
  const end = Promise.withResolvers<HiveError>()
  let canLoad = false
  let over = false
  let lastHeartbeat: number | undefined
  let stopHeartbeat = () => {}

  /** The first reason counts. Turns settle with it at once, the process is on its own. */
  const finish = (reason: HiveError) => {
    if (over) return
    over = true
    stopHeartbeat()
    turns.flush()
    acp.close(reason)
    stdio.close()
    end.resolve(reason)
  }
  const kill = (reason: HiveError) => {
    if (over) return
    child.kill('SIGKILL')
    finish(reason)
  }
  const hung = (ms: number) =>
    kill(new HiveError('timeout', `Stopped answering: not a sign of life for ${seconds(ms)}.`))

  const stdio = guardStdio({
    child,
    log,
    limits,
    onBytes: () => {
      lastHeartbeat = clock.now()
    },
    onUpdate: (notification, bytes) => turns.update(notification, bytes),
    onPause: () => turns.flush(),
    onFault: reason => kill(new HiveError('dependency_failed', reason)),
  })
  const acp = connectAcp(stdio.stream, cwd, request => turns.ask(request))
  const sessions = createSessions({
    acp, clock, sessionMs: limits.sessionMs, bytes: stdio.bytes, onSilent: () => hung(limits.sessionMs),
  }, () => canLoad)
  const turns = createTurns({
    acp, sessions, clock, limits, replyTimeoutMs, onCommands, bytes: stdio.bytes, onSilent: () => hung(replyTimeoutMs),
  })

  const watchExit = async () => {
    const exit = await child.exited
    // What it said last may still be in the pipe: a reply that is complete must not fail.
    await soon(child.closed)
    finish(new HiveError('dependency_failed', describeExit(exit, log.lastComplaint()), { kind: 'ambiguous' }))
  }
  void watchExit()

  void acp.closed.then(() => kill(new HiveError('dependency_failed', 'The connection to it broke.')))

  const handshake = async (): Promise<Result<void, HiveError>> => {
    const stop = clock.after(limits.handshakeMs, () =>
      kill(new HiveError('timeout', `Did not answer "initialize" within ${seconds(limits.handshakeMs)}: is it an ACP agent?`)))
    const greeting = await acp.initialize()
    stop()
    if (greeting.isErr()) return err(greeting.error)
    canLoad = greeting.value.canLoad
    if (heartbeat && !over) {
      stopHeartbeat = watchHeartbeat({
        clock, pingMs: limits.pingMs, hungMs: limits.hungMs, bytes: stdio.bytes, ping: acp.ping, onHung: () => hung(limits.hungMs),
      })
    }
    const probe = await sessions.probe()
    if (probe.isOk() || probe.error.code === 'timeout') return probe
    // It speaks, but wants something first, a sign-in perhaps: the person is told again when they write.
    log.write('stderr', probe.error.message)
    return ok(undefined)
  }
  const start = async (): Promise<Result<void, HiveError>> => {
    const result = await handshake()
    if (result.isErr()) kill(result.error)
    return over ? err(await end.promise) : result
  }

  return {
    pid: child.pid,
    ready: start(),
    ended: end.promise,
    lastHeartbeat: () => lastHeartbeat,
    prompt: async turn => {
      if (over) return fail('unavailable', 'The bot is not running.')
      return turns.run(turn)
    },
    cancelAll: turns.cancelAll,
    end: async reason => {
      child.stdin.end()
      child.kill('SIGTERM')
      const stop = clock.after(limits.killMs, () => child.kill('SIGKILL'))
      turns.cancelAll(reason)
      await child.exited
      stop()
      finish(reason)
    },
  }
}

const soon = (promise: Promise<void>) => {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, 250)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

const seconds = (ms: number) => ms >= 1_000 ? `${Math.round(ms / 1_000)} s` : `${ms} ms`
