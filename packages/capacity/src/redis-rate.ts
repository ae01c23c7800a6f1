import { systemClock, type Clock } from './clock.ts'
import { expectKnown, expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts'
import { createRedisCaller, type RedisLimitOptions } from './redis-commands.ts'

/** A rate that all processes share. */
export interface RedisRateOptions extends RedisLimitOptions {
  /** Sustained cost a second, over all processes; above 0. */
  readonly perSecond: number
  /** Cost that may come at once after a pause, over all processes; above 0. */
  readonly burst: number
  /** How many tokens a process fetches at once; 1 or more, at most `burst`. Default a tenth of `burst`, from 1 to 100. */
  readonly lease?: number
  /** Tokens not used for so long are forfeited, in milliseconds. Default 1,000. */
  readonly leaseMs?: number
  /** What this process admits a second, and at once, while Redis is down and `whenDown` is `open`. Default `perSecond` and `burst`. */
  readonly share?: Pick<RateLimitOptions, 'perSecond' | 'burst'>
  /** Where time comes from. Default: the computer. The rate itself goes by the clock of Redis. */
  readonly clock?: Clock
}

/** GCRA on the clock of Redis: takes as many of the wanted tokens as there are; answers how many, and the wait for the next in µs. */
const script = `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval, burst, want, least = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local free = math.floor(burst - (tat - now) / interval + 0.000001)
local got = math.min(want, free)
if got < least then return { 0, math.ceil((least - (burst - (tat - now) / interval)) * interval) } end
tat = tat + got * interval
redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1000)
return { got, 0 }
`

/**
 * Shares a rate among processes through Redis, by leased tokens: one trip fetches many, and decisions are made in memory. Each token was
 * taken off the shared bucket before it is spent, so all processes together never admit more than `burst + perSecond × t`, but for tokens
 * that are spent up to `leaseMs` after they were fetched: the overshoot over any time is at most the leases outstanding at its start.
 *
 * @example
 * ```ts
 * import { createCapacity } from '@hivekit/capacity'
 * import { createRedisRate } from '@hivekit/capacity/redis'
 * import { Redis } from 'ioredis'
 *
 * const client = new Redis({ enableOfflineQueue: false })
 * const tasks = createRedisRate({ client, name: 'tasks', perSecond: 1000, burst: 2000, whenDown: 'open' })
 * const capacity = createCapacity({ limits: { tasks } })
 * ```
 */
export const createRedisRate = (options: RedisRateOptions): Limit => {
  const { name, whenDown, clock = systemClock } = options
  const call = createRedisCaller(options)
  let perSecond = expectNumber('perSecond', options.perSecond, Number.MIN_VALUE)
  let burst = expectNumber('burst', options.burst, Number.MIN_VALUE)
  const lease = expectNumber('lease', options.lease ?? Math.min(100, Math.max(1, Math.floor(burst / 10))), 1, burst)
  const leaseMs = expectNumber('leaseMs', options.leaseMs ?? 1000, 1)
  const share = createRateLimit({ kind: 'rate', ...(options.share ?? { perSecond, burst }) })
  const keys = [`{hivekit:${name}}:rate`]
  let tokens = 0
  let expiresMs = 0
  let retryMs = 0
  let down = false
  let fetching = false
  let onRoom = (): void => {}

  const fetch = async (least: number): Promise<void> => {
    fetching = true
    const askedMs = clock.now()
    const want = Math.min(burst, Math.max(lease, least))
    const answer = await call(script, keys, 1_000_000 / perSecond, burst, want, least)
    fetching = false
    const nowMs = clock.now()
    down = answer === undefined
    if (!answer) retryMs = nowMs + 100
    else if (answer[0]! > 0) {
      tokens = (nowMs < expiresMs ? tokens : 0) + answer[0]!
      // Counted from before the trip: Redis took them off its bucket no earlier.
      expiresMs = askedMs + leaseMs
      retryMs = 0
    } else retryMs = nowMs + answer[1]! / 1000
    onRoom()
  }

  const held = (nowMs: number): number => (nowMs < expiresMs ? tokens : 0)

  return {
    kind: 'rate',
    freedBy: 'time',
    waitMs: (key, cost, nowMs) => {
      if (cost > burst) return Infinity
      const left = held(nowMs)
      // Half a lease ahead, so that the next tokens are here before the last are spent.
      if (!fetching && nowMs >= retryMs && left - cost < lease / 2) void fetch(Math.max(1, Math.ceil(cost - left)))
      if (left >= cost) return 0
      if (down && whenDown === 'open') return share.waitMs(key, cost, nowMs)
      return Math.max(1, retryMs - nowMs)
    },
    take: (key, cost, nowMs) => {
      if (held(nowMs) >= cost) tokens -= cost
      else share.take?.(key, cost, nowMs)
    },
    usage: nowMs => ({ used: burst - Math.min(burst, held(nowMs)), max: burst, unit: 'tokens' }),
    set: changes => {
      expectKnown('changes', changes, ['perSecond', 'burst'])
      const next = 'perSecond' in changes ? expectNumber('perSecond', changes.perSecond, Number.MIN_VALUE) : perSecond
      if ('burst' in changes) burst = expectNumber('burst', changes.burst, lease)
      perSecond = next
      // What was leased under the old rate is not spent under the new one.
      tokens = 0
    },
    onRoom: listener => {
      onRoom = listener
    },
  }
}
