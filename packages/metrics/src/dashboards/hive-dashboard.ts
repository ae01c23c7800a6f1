import { defineDashboard, type Dashboard } from './dashboard-schema.ts'

/** The dashboard of a hive: what people feel first, then the bots, then the process. */
export const hiveDashboard = (): Dashboard => defineDashboard({
  name: 'hive',
  title: 'The hive',
  description: 'What people feel, what the bots do, what the process takes.',
  rangeMs: 3_600_000,
  refreshMs: 10_000,
  variables: [{ name: 'bot', title: 'Bot', match: 'hive_bot_up', label: 'bot' }],
  panels: [
    {
      row: 'People', title: 'Bots up', kind: 'stat', width: 5, height: 5, queries: [{ match: 'hive_bot_up{bot=~"$bot"}', aggregate: 'sum' }],
      thresholds: [{ from: 0, level: 'critical' }, { from: 1, level: 'ok' }], alerts: ['BotDown'],
    },
    { title: 'Waiting messages', kind: 'stat', width: 5, height: 5, queries: [{ match: 'hive_bot_messages_queued{bot=~"$bot"}', aggregate: 'sum' }], thresholds: [{ from: 20, level: 'warning' }, { from: 100, level: 'critical' }], alerts: ['QueueTooLong'] },
    {
      title: 'Replies that failed', kind: 'gauge', width: 5, height: 5, unit: 'ratio', min: 0, max: 1,
      queries: [{ match: 'hive_replies_total{bot=~"$bot",state="failed"}', fn: 'increase', windowMs: 900_000, aggregate: 'sum', per: { match: 'hive_replies_total{bot=~"$bot"}', fn: 'increase', windowMs: 900_000, aggregate: 'sum' } }],
      thresholds: [{ from: 0.01, level: 'warning' }, { from: 0.05, level: 'critical' }], alerts: ['RepliesFail'],
    },
    {
      title: 'How long replies take', description: 'Half of all replies are faster than the lower line, 95 of 100 faster than the upper.', kind: 'time-series', unit: 'seconds', width: 9, height: 5, min: 0,
      queries: [0.5, 0.95].map(quantile => ({ match: 'hive_reply_seconds_bucket{bot=~"$bot"}', fn: 'rate' as const, windowMs: 300_000, aggregate: 'sum' as const, quantile, legend: `p${quantile * 100}` })),
      alerts: ['RepliesSlow'],
    },
    { row: 'Bots', title: 'Messages a second', kind: 'time-series', unit: 'per-second', min: 0, queries: [{ match: 'hive_messages_total{bot=~"$bot"}', fn: 'rate', windowMs: 300_000, aggregate: 'sum', by: ['bot'], legend: '{{bot}}' }] },
    { title: 'Reply times', kind: 'heat-map', unit: 'seconds', queries: [{ match: 'hive_reply_seconds_bucket{bot=~"$bot"}', fn: 'increase', windowMs: 300_000, aggregate: 'sum', by: ['le'], legend: '{{le}}' }] },
    { title: 'Bots over time', kind: 'state-timeline', queries: [{ match: 'hive_bot_up{bot=~"$bot"}', legend: '{{bot}}' }], states: { 0: 'down', 1: 'up' }, thresholds: [{ from: 0, level: 'critical' }, { from: 1, level: 'ok' }], height: 7 },
    { title: 'Replies by how they ended', kind: 'table', queries: [{ match: 'hive_replies_total{bot=~"$bot"}', fn: 'increase', windowMs: 3_600_000, aggregate: 'sum', by: ['bot', 'state'] }], decimals: 0, height: 7 },
    { row: 'Process', title: 'Processor', kind: 'time-series', unit: 'ratio', min: 0, width: 8, queries: [{ match: 'process_cpu_seconds_total', fn: 'rate', windowMs: 60_000, legend: 'processor' }] },
    { title: 'Memory', kind: 'time-series', unit: 'bytes', min: 0, width: 8, queries: [{ match: 'process_resident_memory_bytes', legend: 'resident' }, { match: 'v8js_memory_heap_used_bytes', aggregate: 'sum', legend: 'heap' }], alerts: ['MemoryFilling'] },
    { title: 'Event loop delay', kind: 'time-series', unit: 'seconds', min: 0, width: 8, queries: [{ match: 'nodejs_eventloop_delay_p99_seconds', legend: 'p99' }, { match: 'nodejs_eventloop_delay_p50_seconds', legend: 'p50' }], thresholds: [{ from: 0.1, level: 'warning' }], alerts: ['EventLoopBlocked'] },
  ],
})
