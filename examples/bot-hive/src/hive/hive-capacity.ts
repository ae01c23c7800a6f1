import { createCapacity, refusalToError, type Capacity, type Cost, type Permit } from '@hivekit/capacity'
import { err, ok, type HiveError, type Result } from '@hivekit/errors'
import { z } from 'zod'

/** What the hive may use: `limits` in `hive.config.json`. */
export const HiveLimits = z.strictObject({
  bots: z.number().int().min(1).max(10_000).meta({ description: 'Bots that run at once.' }),
  replies: z.number().int().min(1).max(100_000).meta({ description: 'Replies that are made at once, over all bots.' }),
  repliesPerSecond: z.number().positive().max(1_000_000).meta({ description: 'Replies that begin in a second, sustained.' }),
  memoryRatio: z.number().positive().max(1).meta({ description: 'Share of the memory that is there, beyond which no new reply begins.' }),
})
export type HiveLimits = Readonly<z.infer<typeof HiveLimits>>

export const defaultHiveLimits: HiveLimits = { bots: 100, replies: 500, repliesPerSecond: 5_000, memoryRatio: 0.92 }

/** The one admission decision of a hive. Replies wait in its queue; the messages that they answer stand in the store, so its size is no bound. */
export const createHiveCapacity = ({ bots, replies, repliesPerSecond, memoryRatio }: HiveLimits): Capacity => createCapacity({
  limits: {
    bots: { kind: 'concurrency', max: bots },
    replies: { kind: 'concurrency', max: replies },
    // Each bot's own bound; 0 while it cannot answer, which holds its replies back.
    repliesPerBot: { kind: 'concurrency', per: 'key', max: 0 },
    rate: { kind: 'rate', perSecond: repliesPerSecond, burst: Math.max(1, repliesPerSecond) },
    memory: { kind: 'memory', maxRatio: memoryRatio },
  },
  queue: { maxTasks: Infinity },
})

/** Changes limits as the hive runs. */
export const setHiveLimits = (capacity: Capacity, { bots, replies, repliesPerSecond, memoryRatio }: { readonly [name in keyof HiveLimits]?: HiveLimits[name] | undefined }) => {
  if (bots !== undefined) capacity.setLimit('bots', { max: bots })
  if (replies !== undefined) capacity.setLimit('replies', { max: replies })
  if (repliesPerSecond !== undefined) capacity.setLimit('rate', { perSecond: repliesPerSecond, burst: Math.max(1, repliesPerSecond) })
  if (memoryRatio !== undefined) capacity.setLimit('memory', { maxRatio: memoryRatio })
}

/** How work beside the replies is handed in: after those that wait, and taking nothing of theirs. */
export const background = (key: string): { readonly key: string; readonly priority: number; readonly cost: Cost } =>
  ({ key, priority: -1, cost: { bots: 0, replies: 0, repliesPerBot: 0, rate: 0 } })

/** A running bot holds a permit until it is stopped, through crashes and restarts. */
export const createBotPermits = (capacity: Capacity) => {
  const held = new Map<string, Permit>()
  return {
    acquire: (botId: string): Result<void, HiveError> => {
      if (held.has(botId)) return ok(undefined)
      const answer = capacity.tryAcquire({ key: botId, cost: { bots: 1, replies: 0, repliesPerBot: 0, rate: 0 } })
      if (!answer.admitted) return err(refusalToError(answer))
      held.set(botId, answer)
      return ok(undefined)
    },
    release: (botId: string) => {
      held.get(botId)?.release()
      held.delete(botId)
    },
  }
}
