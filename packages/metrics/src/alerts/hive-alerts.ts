import { defineAlert, type AlertDefinition } from './define-alert.ts'

/** The alerts of a hive, for the names its default dashboard shows. */
export const hiveAlerts = (): readonly AlertDefinition[] => [
  defineAlert({
    name: 'BotDown', severity: 'critical', forMs: 60_000, summary: '{{ $labels.bot }} does not answer',
    condition: { kind: 'threshold', query: { match: 'hive_bot_up' }, op: '<', value: 1 },
  }),
  defineAlert({
    name: 'QueueTooLong', severity: 'warning', forMs: 60_000, summary: '{{ $value }} messages wait for {{ $labels.bot }}', inhibitedBy: [{ alert: 'BotDown', equal: ['bot'] }],
    condition: { kind: 'threshold', query: { match: 'hive_bot_messages_queued' }, op: '>', value: 20, clearValue: 10 },
  }),
  defineAlert({
    name: 'RepliesFail', severity: 'critical', summary: '{{ $labels.bot }} fails on {{ $value | humanizePercentage }} of its replies', inhibitedBy: [{ alert: 'BotDown', equal: ['bot'] }],
    description: 'At this rate the month\'s budget of one failure in a hundred is gone within days.',
    condition: { kind: 'burn-rate', errors: 'hive_replies_total{state="failed"}', total: 'hive_replies_total', objective: 0.99, by: ['bot'] },
  }),
  defineAlert({
    name: 'RepliesSlow', severity: 'warning', forMs: 300_000, summary: 'One reply in twenty of {{ $labels.bot }} takes over {{ $value | humanizeDuration }}',
    condition: { kind: 'threshold', query: { match: 'hive_reply_seconds_bucket', fn: 'rate', windowMs: 300_000, aggregate: 'sum', by: ['bot'], quantile: 0.95 }, op: '>', value: 30, clearValue: 20 },
  }),
  defineAlert({
    name: 'EventLoopBlocked', severity: 'warning', forMs: 60_000, summary: 'The hive answers {{ $value | humanizeDuration }} late',
    condition: { kind: 'threshold', query: { match: 'nodejs_eventloop_delay_p99_seconds' }, op: '>', value: 0.2, clearValue: 0.1 },
  }),
  defineAlert({
    name: 'MemoryFilling', severity: 'warning', forMs: 600_000, summary: 'In four hours the hive will hold {{ $value | humanize1024 }}B',
    condition: { kind: 'forecast', match: 'process_resident_memory_bytes', windowMs: 3_600_000, aheadMs: 14_400_000, op: '>', value: 4_294_967_296 },
  }),
  defineAlert({
    name: 'HiveSilent', severity: 'critical', summary: 'No metrics of the hive for five minutes',
    condition: { kind: 'absence', match: 'process_start_time_seconds', windowMs: 300_000 },
  }),
]
