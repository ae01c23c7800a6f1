import type { EventCounts } from './event-counts.ts'
import type { MetricFamily, MetricSample } from './metric-source.ts'
import type { OperationSnapshot } from './operation-meter.ts'

/** Makes counter families and one histogram of the operations' lifetime counts. */
export const collectFamilies = (operations: readonly OperationSnapshot[]): readonly MetricFamily[] => {
  const counter = (name: string, help: string, read: (counts: EventCounts) => readonly (readonly [Record<string, string>, number])[]): MetricFamily => ({
    name,
    help,
    type: 'counter',
    samples: operations.flatMap(({ operation, lifetime }) =>
      read(lifetime).map(([labels, value]) => ({ labels: { operation, ...labels }, value, suffix: '_total' }))),
  })
  const by = (label: string, counts: Readonly<Record<string, number>>) => Object.entries(counts).map(([name, n]) => [{ [label]: name }, n] as const)

  return [
    counter('hivekit_errors_attempts', 'Attempts made.', counts => [[{}, counts.attempts]]),
    counter('hivekit_errors_runs', 'Runs by how they ended.', counts => by('outcome', {
      succeeded: counts.succeeded,
      recovered_by_retry: counts.recoveredByRetry,
      recovered_by_hedge: counts.recoveredByHedge,
      recovered_by_fallback: counts.recoveredByFallback,
      recovered_by_degrade: counts.recoveredByDegrade,
      gave_up: counts.gaveUp,
      failed: counts.failed,
      cancelled: counts.cancelled,
    })),
    counter('hivekit_errors_failures', 'Failed attempts by code.', counts => by('code', counts.failuresByCode)),
    counter('hivekit_errors_failures_by_kind', 'Failed attempts by kind.', counts => by('kind', counts.failuresByKind)),
    counter('hivekit_errors_refused', 'Runs or retries that were not let through.', counts =>
      by('by', { breaker: counts.refusedByBreaker, bulkhead: counts.refusedByBulkhead, budget: counts.budgetExhausted })),
    counter('hivekit_errors_breaker_transitions', 'Changes of breaker state.', counts =>
      by('to', { 'open': counts.breakerOpened, 'half-open': counts.breakerHalfOpened, 'closed': counts.breakerClosed })),
    {
      name: 'hivekit_errors_time_to_recover_seconds',
      help: 'Time from the first failure of a run to its good end.',
      type: 'histogram',
      unit: 'seconds',
      samples: operations.flatMap(timeSamples),
    },
  ]
}

const timeSamples = ({ operation, recoveryTimes: { buckets, count, sumMs } }: OperationSnapshot): readonly MetricSample[] => [
  ...buckets.map(({ leMs, count: value }) => ({
    labels: { operation, le: leMs === null ? '+Inf' : String(leMs / 1_000) }, value, suffix: '_bucket',
  })),
  { labels: { operation }, value: sumMs / 1_000, suffix: '_sum' },
  { labels: { operation }, value: count, suffix: '_count' },
]
