import type { Admission } from './admission.ts'
import type { Clock } from './clock.ts'
import type { LimitUsage } from './limit.ts'
import type { MetricFamily, MetricSample } from './metric-source.ts'
import type { QueueCounts, TaskQueue } from './task-queue.ts'
import { createTrend, type Trend } from './trend.ts'

/** One limit in a report. */
export interface LimitReport extends LimitUsage {
  /** Its name. */
  readonly name: string
  /** Its sort. */
  readonly kind: string
  /** What is left, in `unit`, 0 or more; `null` while nothing is known. */
  readonly headroom: number | null
  /** How much work waits because of it. */
  readonly waiting: number
  /** How long the oldest of that has waited, in milliseconds; 0 when none does. */
  readonly oldestWaitMs: number
  /** How often `tryAcquire` was refused because of it. */
  readonly refusals: number
  /** When it will be full if it goes on as over the last minute, in milliseconds; 0 when it is; `null` when it is not filling. */
  readonly fullInMs: number | null
}

/** The state of a capacity, as JSON can carry it. */
export interface CapacityReport {
  /** When, in epoch milliseconds. */
  readonly atMs: number
  /** The limits, in the order in which they were given. */
  readonly limits: readonly LimitReport[]
  /** The limit that holds work back; where nothing is held back, `null`. */
  readonly binding: string | null
  /** The work. */
  readonly queue: QueueReport
}

/** The queue in a report. */
export interface QueueReport extends QueueCounts {
  /** The most that may wait in memory. */
  readonly maxTasks: number
  /** How much of what waits is in the store and not in memory. */
  readonly stored: number
  /** What waits in memory, in bytes, as its tasks stated. */
  readonly bytes: number
  /** The most of that. */
  readonly maxBytes: number
  /** How long the oldest work in memory has waited, in milliseconds; 0 when none does. */
  readonly oldestWaitMs: number
  /** How long new work would wait, in milliseconds; 0 while nothing is known. */
  readonly expectedWaitMs: number
  /** Whether `pause` holds it. */
  readonly paused: boolean
  /** How much was refused at the door, by reason. */
  readonly rejectedBy: Readonly<Record<RejectReason, number>>
}

/** Why work was refused at the door. */
export type RejectReason = 'full' | 'deadline' | 'too-large' | 'closed'

/** Two readings nearer than this in time tell nothing of a trend. */
const trendEveryMs = 1000
const trendWindowMs = 60_000

export const createReporter = (admission: Admission, queue: TaskQueue, clock: Clock): (() => CapacityReport) => {
  const trends = admission.names.map((): Trend => createTrend(trendWindowMs))
  let trendAtMs = -Infinity
  return () => {
    const atMs = clock.now()
    const waits = queue.dispatcher.waits()
    const fresh = atMs - trendAtMs >= trendEveryMs
    if (fresh) trendAtMs = atMs
    const limits = admission.limits.map((limit, i): LimitReport => {
      const usage = limit.usage(atMs)
      if (fresh && usage.used !== null) trends[i]!.add(atMs, usage.used)
      const headroom = usage.used === null ? null : Math.max(0, usage.max - usage.used)
      const wait = waits.byLimit[i]
      return {
        name: admission.names[i]!,
        kind: limit.kind,
        ...usage,
        headroom,
        waiting: wait?.count ?? 0,
        oldestWaitMs: wait ? atMs - wait.oldestMs : 0,
        refusals: admission.refusals[i]!,
        fullInMs: timeToFull(headroom, trends[i]!.slope()),
      }
    })
    return {
      atMs,
      limits,
      binding: limits.reduce<LimitReport | null>((a, b) => (b.waiting > (a?.waiting ?? 0) ? b : a), null)?.name ?? null,
      queue: {
        ...queue.counts(),
        ...queue.bounds,
        bytes: queue.bytes(),
        oldestWaitMs: waits.oldestMs === undefined ? 0 : atMs - waits.oldestMs,
        expectedWaitMs: queue.expectedWaitMs(),
        stored: queue.stored(),
        paused: queue.dispatcher.paused(),
        rejectedBy: { ...queue.rejectedBy },
      },
    }
  }
}

const timeToFull = (headroom: number | null, slope: number): number | null => {
  if (headroom === null) return null
  if (headroom === 0) return 0
  return slope > 0 ? headroom / slope : null
}

/** A report as metrics. */
export function* reportMetrics({ limits, queue }: CapacityReport): Generator<MetricFamily> {
  const byLimit = (read: (limit: LimitReport) => number | null): MetricSample[] =>
    limits.flatMap(limit => {
      const value = read(limit)
      return value === null || !Number.isFinite(value) ? [] : [{ labels: { limit: limit.name, kind: limit.kind }, value }]
    })
  const one = (value: number): MetricSample[] => [{ labels: {}, value }]
  const family = (name: string, type: 'counter' | 'gauge', help: string, samples: MetricSample[], unit?: string): MetricFamily => ({
    name,
    type,
    help,
    samples,
    ...(unit === undefined ? {} : { unit }),
  })
  yield family('capacity_limit_used', 'gauge', 'What is in use of a limit, in the unit of the limit.', byLimit(l => l.used))
  yield family('capacity_limit_max', 'gauge', 'The most that may be in use of a limit.', byLimit(l => l.max))
  yield family('capacity_limit_waiting', 'gauge', 'Work that waits because of a limit.', byLimit(l => l.waiting))
  yield family('capacity_limit_refusals', 'counter', 'Requests refused because of a limit.', byLimit(l => l.refusals))
  yield family('capacity_tasks', 'gauge', 'Work in hand.', [
    { labels: { state: 'queued' }, value: queue.queued },
    { labels: { state: 'running' }, value: queue.running },
  ])
  yield family('capacity_tasks_stored', 'gauge', 'Work that waits in the store and not in memory.', one(queue.stored))
  yield family('capacity_tasks_submitted', 'counter', 'Work handed in.', one(queue.submitted))
  yield family(
    'capacity_tasks_ended',
    'counter',
    'Work that ended.',
    (['done', 'failed', 'cancelled', 'rejected'] as const).map(outcome => ({ labels: { outcome }, value: queue[outcome] })),
  )
  yield family(
    'capacity_rejections',
    'counter',
    'Work refused at the door.',
    Object.entries(queue.rejectedBy).map(([reason, value]) => ({ labels: { reason }, value })),
  )
  yield family('capacity_queue', 'gauge', 'Bytes that wait in memory.', one(queue.bytes), 'bytes')
  yield family('capacity_oldest_wait', 'gauge', 'How long the oldest work has waited.', one(queue.oldestWaitMs / 1000), 'seconds')
  yield family('capacity_expected_wait', 'gauge', 'How long new work would wait.', one(queue.expectedWaitMs / 1000), 'seconds')
}

/** A report in the flat shape that KEDA's `metrics-api` scaler reads: name one of its fields as `valueLocation`. */
export interface KedaMetrics {
  /** Work that waits. */
  readonly queued: number
  /** Work that runs. */
  readonly running: number
  /** Both: what a fleet must have room for. */
  readonly load: number
  /** How long the oldest work has waited, in seconds. */
  readonly oldestWaitSeconds: number
  /** How long new work would wait, in seconds. */
  readonly expectedWaitSeconds: number
  /** The fullest limit's share in use, 0 to 1 and above. */
  readonly utilisation: number
}

/**
 * Shapes a report for KEDA's `metrics-api` scaler.
 *
 * @example
 * ```ts
 * import { createCapacity, toKedaMetrics } from '@hivekit/capacity'
 *
 * const capacity = createCapacity({ limits: { bots: { kind: 'concurrency', max: 4 } } })
 * toKedaMetrics(capacity.report()).load // 0
 * ```
 */
export const toKedaMetrics = ({ limits, queue }: CapacityReport): KedaMetrics => ({
  queued: queue.queued,
  running: queue.running,
  load: queue.queued + queue.running,
  oldestWaitSeconds: queue.oldestWaitMs / 1000,
  expectedWaitSeconds: queue.expectedWaitMs / 1000,
  utilisation: Math.max(0, ...limits.map(({ used, max }) => (used === null || max === 0 || max === Infinity ? 0 : used / max))),
})
