import { randomUUID } from 'node:crypto'
import { systemClock, type Clock } from './clock.ts'
import { expectKnown, expectNumber } from './expect.ts'
import { createHoldTime } from './hold-time.ts'
import type { Limit } from './limit.ts'
import { createRedisCaller, type RedisLimitOptions } from './redis-commands.ts'

/** So much work at once, over all processes. */
export interface RedisConcurrencyOptions extends RedisLimitOptions {
  /** The most cost held at once, over all processes; 0 or more. */
  readonly max: number
  /** Slots of a process that has not been heard of for so long are given to others, in milliseconds; 100 or more. Default 10,000. */
  readonly leaseMs?: number
  /** How many free slots a process keeps in hand. Default 1. More is faster, and leaves fewer to the others. */
  readonly spare?: number
  /** What this process may hold while Redis is down and `whenDown` is `open`. Default `max`. */
  readonly share?: number
  /** Where time comes from. Default: the computer. Leases go by the clock of Redis. */
  readonly clock?: Clock
}

/**
 * Holders are in a sorted set by the time at which they lapse, with how much each holds in a hash. One call renews the caller's lease
 * and sets what it holds to what it wants, as far as there is room; never below what it uses. Answers what it holds, and all others do.
 */
const script = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local max, lease, used, want, id = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), KEYS[3]
for _, holder in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], holder)
  redis.call('HDEL', KEYS[2], holder)
end
local others = 0
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  if all[i] ~= id then others = others + tonumber(all[i + 1]) end
end
local holds = math.max(used, math.min(want, max - others))
if holds <= 0 then
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
else
  redis.call('ZADD', KEYS[1], now + lease, id)
  redis.call('HSET', KEYS[2], id, holds)
  redis.call('PEXPIRE', KEYS[1], lease * 2)
  redis.call('PEXPIRE', KEYS[2], lease * 2)
end
return { holds, others }
`

/**
 * Shares a concurrency limit among processes through Redis. Each process leases slots and decides within them in memory; it renews the
 * lease while it lives, and what it held is free `leaseMs` after it died. Work that goes on while Redis is away longer than that is no
 * longer counted by the others: the overshoot is at most what the cut-off processes run.
 */
export const createRedisConcurrency = (options: RedisConcurrencyOptions): Limit => {
  const { name, whenDown, clock = systemClock } = options
  const call = createRedisCaller(options)
  let max = expectNumber('max', options.max, 0)
  const leaseMs = expectNumber('leaseMs', options.leaseMs ?? 10_000, 100)
  const spare = expectNumber('spare', options.spare ?? 1, 0)
  const share = expectNumber('share', options.share ?? options.max, 0)
  const hold = createHoldTime()
  const keys = [`{hivekit:${name}}:lapse`, `{hivekit:${name}}:held`, `{hivekit:${name}}:${randomUUID()}`]
  let used = 0
  let leased = 0
  let leasedUntilMs = 0
  let wanted = 0
  let others = 0
  let down = false
  let syncing: Promise<void> | undefined
  let again = false
  let closed = false
  let nextTryMs = 0
  let onRoom = (): void => {}
  let cancel = (): void => {}

  const sync = async (): Promise<void> => {
    const askedMs = clock.now()
    const before = leased
    const want = closed ? 0 : Math.max(used + spare, wanted)
    wanted = 0
    // What is about to be given back must not be taken meanwhile: another process may have it before the answer is here.
    leased = Math.min(leased, Math.max(used, want))
    const answer = await call(script, keys, max, leaseMs, used, want)
    down = answer === undefined
    nextTryMs = clock.now() + (down ? 100 : 20)
    if (answer) {
      // What was taken while the call was under way was within what it asked to keep.
      leased = Math.max(answer[0]!, used)
      others = answer[1]!
      leasedUntilMs = askedMs + leaseMs
      if (leased > before) onRoom()
    } else onRoom()
  }
  const ask = (): void => {
    if (syncing) {
      again = true
      return
    }
    syncing = sync().finally(() => {
      syncing = undefined
      cancel()
      if (closed && used === 0) return
      if (again && !down) {
        again = false
        ask()
      } else cancel = clock.after(down ? 100 : leaseMs / 3, ask)
    })
  }
  ask()

  const room = (nowMs: number): number => {
    if (nowMs < leasedUntilMs) return leased
    return down && whenDown === 'open' ? share : 0
  }

  return {
    kind: 'concurrency',
    freedBy: 'time',
    waitMs: (_key, cost, nowMs) => {
      if (max > 0 && cost > max) return Infinity
      if (used + cost <= room(nowMs)) return 0
      wanted = Math.max(wanted, used + cost + spare)
      if (nowMs >= nextTryMs) ask()
      return Math.max(10, Math.min(hold.untilReleaseMs(used + others), leaseMs / 3))
    },
    take: (_key, cost, nowMs) => {
      hold.taken(used, nowMs)
      used += cost
    },
    release: (_key, cost) => {
      used -= cost
      hold.released()
      // Slots beyond the spare are for others.
      if (leased > used + spare) ask()
    },
    usage: () => ({ used: used + others, max, unit: 'permits' }),
    set: changes => {
      expectKnown('changes', changes, ['max'])
      if ('max' in changes) max = expectNumber('max', changes.max, 0)
      leased = Math.min(leased, Math.max(max, used))
      ask()
    },
    onRoom: listener => {
      onRoom = listener
    },
    [Symbol.dispose]: () => {
      closed = true
      cancel()
      ask()
    },
  }
}
