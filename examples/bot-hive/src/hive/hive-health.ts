import type { Capacity } from '@hivekit/capacity'
import { fail, ok, type HiveError, type Result } from '@hivekit/errors'
import {
  analyseTrend, createAlerts, createHealthMonitor, createModeManager, explainScore, processSource, responsivenessModel,
  type ActiveAlert, type CurrentMode, type HealthScore, type SourceReading, type Trend,
} from '@hivekit/health-score'
import type { MetricFamily } from '@hivekit/metrics'
import { hiveModes, maxWaitingIn, modesOfHive, type HiveMode } from './hive-modes.ts'
import type { Bot, HiveEvent } from './model.ts'
import { createReplyRecord } from './reply-record.ts'

/** How a hive is, why, where that is going, and what it does about it. */
export interface HiveHealthReport {
  readonly score: HealthScore
  /** The score in sentences: where the points went, what is not known, what would help. */
  readonly why: readonly string[]
  /** Where the score is going, and when it will be critical. */
  readonly trend: Trend
  readonly mode: CurrentMode
  readonly alerts: readonly ActiveAlert[]
  /** Bots that can answer, of those that should: those that start by themselves or were launched. */
  readonly bots: { readonly ready: number; readonly expected: number }
}

/** What a person says about the mode. */
export interface ModeRequest {
  readonly mode: HiveMode
  /** For how long, in milliseconds, above 0. */
  readonly forMs: number
  readonly reason: string
}

/** Watches a hive. */
export interface HiveHealth extends AsyncDisposable {
  /** Takes every event that is published. */
  observe(event: HiveEvent): void
  /** Begins to watch. */
  start(): Promise<void>
  report(): HiveHealthReport
  /** The figures for `/metrics`. */
  collect(): Iterable<MetricFamily>
  /** How many messages may wait for one bot now. */
  maxWaiting(): number
  /** `unavailable` while exports are switched off. */
  checkExports(): Result<void, HiveError>
  /** `unavailable` while chat is switched off. Those who operate the hive are always heard. */
  checkChat(botId: string): Result<void, HiveError>
  /** Goes to a mode whatever the score says; undefined goes back to what the score says. */
  setMode(request: ModeRequest | undefined): void
}

export interface HiveHealthOptions {
  readonly bots: () => readonly Bot[]
  readonly capacity: Capacity
  /** Bots that should run unless a person says otherwise. */
  readonly autoStarted: ReadonlySet<string>
  /** Bots that operate the hive. */
  readonly operators: ReadonlySet<string>
  /** The p95 of replies at which nobody complains, in milliseconds. */
  readonly replyTargetMs: number
}

/** Below this a score is critical. */
const critical = 40

/** Joins what the hive knows of itself to one score every 5 s. Latency counts more than five times as much as the processor. */
export const createHiveHealth = ({ bots, capacity, autoStarted, operators, replyTargetMs }: HiveHealthOptions): HiveHealth => {
  const model = responsivenessModel({ name: 'hive', targetMs: replyTargetMs })
  const replies = createReplyRecord({ overdueMs: replyTargetMs })
  const modes = createModeManager({ modes: modesOfHive() })
  const alerts = createAlerts({
    rules: [
      {
        id: 'health', measure: 'score', whenUnknown: { severity: 'critical', forMs: 30_000 },
        thresholds: [
          { severity: 'warning', below: 75, clearAt: 80, forMs: 15_000 },
          { severity: 'critical', below: critical, clearAt: 50, forMs: 5_000, clearForMs: 5_000 },
        ],
      },
      { id: 'latency', measure: { signal: 'latencyMs' }, thresholds: [{ severity: 'warning', above: 2 * replyTargetMs, clearAt: replyTargetMs, forMs: 15_000 }] },
      { id: 'memory', measure: { signal: 'memoryRatio' }, thresholds: [{ severity: 'warning', above: 0.9, clearAt: 0.85, forMs: 15_000 }] },
    ],
  })

  const countBots = () => {
    const expected = bots().filter(({ id, state }) => autoStarted.has(id) || state !== 'stopped')
    const ready = expected.filter(({ state, paused }) => !paused && (state === 'ready' || state === 'busy'))
    return { ready: ready.length, expected: expected.length }
  }

  const readHive = (): SourceReading[] => {
    const { ready, expected } = countBots()
    const { p95Ms, failedRatio } = replies.recent(Date.now())
    return [
      // No bots at all are as little use as bots that are all dead.
      { signal: 'readyRatio', value: expected === 0 ? 0 : ready / expected },
      { signal: 'errorRatio', value: failedRatio },
      { signal: 'queueWaitMs', value: capacity.report().queue.oldestWaitMs },
      // While nobody asks anything, how fast answers come is not known, and the confidence says so.
      ...(p95Ms === undefined ? [] : [{ signal: 'latencyMs', value: p95Ms }]),
    ]
  }

  const monitor = createHealthMonitor({ model, sources: [{ name: 'hive', read: readHive }, processSource()] })
  monitor.onEvent(event => {
    if (event.type !== 'scored') return
    alerts.observe(event.score)
    modes.observe(event.score)
  })

  let trend: { readonly round: number; readonly value: Trend } | undefined
  const mode = () => modes.current().mode as HiveMode

  return {
    observe: replies.observe,
    start: monitor.start,
    report: () => {
      const score = monitor.score()
      const round = monitor.snapshot().rounds
      if (trend?.round !== round) trend = { round, value: analyseTrend(monitor.history.series('score'), { threshold: critical }) }
      return { score, why: explainScore(score), trend: trend.value, mode: modes.current(), alerts: alerts.active(), bots: countBots() }
    },
    collect: () => {
      const { score, confidence, signals } = monitor.score()
      const now = mode()
      return [
        { name: 'hive_health_score', help: 'How the hive is, 0 to 100; absent while nothing is known.', type: 'gauge', samples: score === null ? [] : [{ labels: {}, value: score }] },
        { name: 'hive_health_confidence', help: 'How much of what the score asks about is known, 0 to 1.', type: 'gauge', samples: [{ labels: {}, value: confidence }] },
        { name: 'hive_health_lost_points', help: 'Points that each signal costs.', type: 'gauge', samples: signals.map(({ signal, points }) => ({ labels: { signal }, value: points })) },
        { name: 'hive_mode', help: '1 for the mode that the hive is in.', type: 'gauge', samples: hiveModes.map(one => ({ labels: { mode: one }, value: one === now ? 1 : 0 })) },
      ]
    },
    maxWaiting: () => maxWaitingIn(mode()),
    checkExports: () => modes.isOff('exports')
      ? fail('unavailable', `The hive is in mode ${mode()} and exports nothing now.`, { retryAfterMs: 60_000 }) : ok(undefined),
    checkChat: botId => {
      if (!modes.isOff('chat') || operators.has(botId)) return ok(undefined)
      const { override } = modes.current()
      const retryAfterMs = override ? Math.max(1_000, override.until - Date.now()) : 5_000
      return fail('unavailable', `The hive is in maintenance${override ? `: ${override.reason}` : ''}.`, { retryAfterMs })
    },
    setMode: request => void (request ? modes.override({ ...request, by: 'A person' }) : modes.clearOverride()),
    [Symbol.asyncDispose]: async () => {
      await monitor[Symbol.asyncDispose]()
      await modes[Symbol.asyncDispose]()
    },
  }
}
