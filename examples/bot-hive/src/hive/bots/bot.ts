import type { HiveError, Result } from '@hivekit/errors'
import type { Bot } from '../model.ts'
import type { Clock } from './clock.ts'
import type { LogLine } from './log.ts'
import type { Turn, TurnEnd } from './turn.ts'

/** One supervised process that speaks ACP. See `createBot`. */
export interface BotProcess extends AsyncDisposable {
  /** The definition's id. */
  readonly id: string
  /** The bot as it is now. */
  snapshot(): Omit<Bot, 'queued'>
  /**
   * Starts it, forgetting earlier crashes. Settles when it is ready, or when this start failed
   * (`dependency_failed` or `timeout`); a start that failed may still be followed by automatic restarts.
   */
  launch(): Promise<Result<void, HiveError>>
  /** Lets running turns end for a while, cancels the rest, then ends the process and all its descendants. */
  stop(options?: StopOptions): Promise<void>
  /** `stop`, then `launch`. */
  restart(): Promise<Result<void, HiveError>>
  /** Takes no new turns until `resume`; those that run go on. */
  pause(): void
  /** Undoes `pause`. */
  resume(): void
  /**
   * Runs one turn; one at a time for each agent session. Never rejects, and settles promptly on cancel, crash and hang:
   * `unavailable` (not running, or paused), `cancelled`, `timeout`, `too_large`, `dependency_failed` (`ambiguous` when it
   * crashed on the way).
   */
  prompt(turn: Turn): Promise<Result<TurnEnd, HiveError>>
  /** The last lines it printed that are not protocol, oldest first. */
  log(): LogLine[]
}

/** How to stop. */
export interface StopOptions {
  /** Shown as the reason. Default: none. */
  readonly reason?: string
  /** How long running turns may go on, in milliseconds. Default: the bot's `drainMs`. */
  readonly drainMs?: number
}

/** What a bot needs from the hive. All times in milliseconds. */
export interface BotOptions {
  /** Its working folder when the definition names none; made if missing. */
  readonly cwd: string
  /** Where to remember its process, so that the next hive ends what this one left behind. Default: nowhere. */
  readonly pidFile?: string
  /** Called after every change of the snapshot; at most ten times a second for turns that come and go. */
  readonly onChange?: () => void
  /** Called with every line that `log` keeps. */
  readonly onLog?: (line: LogLine) => void
  /** What an operator gets in its environment, asked at each start: HIVE_URL and HIVE_TOKEN. */
  readonly operatorEnv?: () => Readonly<Record<string, string>>
  /** Default: the computer's. */
  readonly clock?: Clock
  /** Spreads restarts, 0 to 1. Default: `Math.random`. */
  readonly random?: () => number
  /** Times and sizes other than the defaults. */
  readonly limits?: Partial<BotLimits>
}

/** Times in milliseconds, sizes in bytes. */
export interface BotLimits {
  /** From the start of the process to its answer to `initialize`. Default: 30 000. */
  readonly handshakeMs: number
  /** For `session/new` and `session/load`. Default: 30 000. */
  readonly sessionMs: number
  /** Between pings. Default: 5 000. */
  readonly pingMs: number
  /** Silence, with pings sent, after which it counts as hung. Default: 15 000. */
  readonly hungMs: number
  /** From `session/cancel` to the end of the turn; then its agent session is given up. Default: 5 000. */
  readonly cancelGraceMs: number
  /** For running turns when it is stopped. Default: 10 000. */
  readonly drainMs: number
  /** From SIGTERM to SIGKILL. Default: 3 000. */
  readonly killMs: number
  /** The first wait before a restart; doubles with each crash. Default: 500. */
  readonly restartMinMs: number
  /** The longest wait before a restart. Default: 30 000. */
  readonly restartMaxMs: number
  /** Running this long forgets the crashes before. Default: 60 000. */
  readonly healthyMs: number
  /** Crashes in a row after which it stays stopped. Default: 6. */
  readonly maxCrashes: number
  /** One line on stdout. Default: 8 MiB. */
  readonly maxLineBytes: number
  /** The text of one reply, in UTF-16 units. Default: 2 Mi. */
  readonly maxReplyChars: number
  /** Bytes nobody asked for (garbage, updates outside a turn) within a minute; more is a crash. Default: 64 MiB. */
  readonly maxUselessBytes: number
  /** Bytes waiting for the bot to read them; more is a crash. Default: 16 MiB. */
  readonly maxUnreadBytes: number
}
