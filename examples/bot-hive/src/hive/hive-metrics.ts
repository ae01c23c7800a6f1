import { collect, createProcessSource, createRegistry, type MetricFamily, type MetricSource } from '@hivekit/metrics'
import type { Bot, HiveEvent } from './model.ts'

/** The figures of a hive, read off its events and its bots. */
export interface HiveMetrics extends Disposable {
  /** Takes every event that is published. */
  observe(event: HiveEvent): void
  /** All figures as they are now. */
  collect(): readonly MetricFamily[]
}

export const createHiveMetrics = (bots: () => readonly Bot[], others: readonly MetricSource[]): HiveMetrics => {
  const registry = createRegistry()
  const messages = registry.counter({ name: 'hive_messages_total', help: 'Messages that people sent.', unit: '1', labels: ['bot'] })
  const replies = registry.counter({ name: 'hive_replies_total', help: 'Replies that ended, by how.', unit: '1', labels: ['bot', 'state'] })
  const seconds = registry.histogram({
    name: 'hive_reply_seconds', help: 'From the message to the end of its reply.', unit: 'seconds', labels: ['bot'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  })
  const up = registry.gauge({ name: 'hive_bot_up', help: '1 while the bot can answer.', unit: '1', labels: ['bot'] })
  const running = registry.gauge({ name: 'hive_bot_replies_running', help: 'Replies being made.', unit: '1', labels: ['bot'] })
  const queued = registry.gauge({ name: 'hive_bot_messages_queued', help: 'Messages that wait for the bot.', unit: '1', labels: ['bot'] })
  const restarts = registry.gauge({ name: 'hive_bot_restarts', help: 'Crashes since a person last launched the bot.', unit: '1', labels: ['bot'] })
  const node = createProcessSource()

  return {
    observe: event => {
      if (event.type !== 'message') return
      const { botId: bot, message: { role, state, createdAt, updatedAt } } = event
      if (role === 'user') messages.inc({ bot })
      else if (state === 'complete' || state === 'failed' || state === 'cancelled') {
        replies.inc({ bot, state })
        seconds.observe({ bot }, (updatedAt - createdAt) / 1000)
      }
    },
    collect: () => {
      for (const { id: bot, state, running: now, queued: waiting, restarts: crashes } of bots()) {
        up.set({ bot }, state === 'ready' || state === 'busy' ? 1 : 0)
        running.set({ bot }, now)
        queued.set({ bot }, waiting)
        restarts.set({ bot }, crashes)
      }
      return collect([registry, node, ...others])
    },
    [Symbol.dispose]: () => node[Symbol.dispose](),
  }
}
