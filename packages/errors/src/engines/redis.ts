import type { Redis } from 'ioredis'
import type { Breaker } from '../recovery/breaker.ts'
import type { BreakerShare } from '../recovery/recovery-options.ts'

/** How breakers share what they learn. */
export interface RedisBreakersOptions {
  /** A connection, which stays the caller's; one more is made from it to listen with. */
  readonly redis: Redis
  /** Stands before every key and channel; `hivekit:breaker:` by default. */
  readonly keyPrefix?: string
  /** For how long a process may be the only one to probe, in milliseconds, 1 or more; 5,000 by default. It renews itself while the probe runs. */
  readonly probeLeaseMs?: number
  /** After so long without an answer Redis counts as gone, in milliseconds, 1 or more; 250 by default. */
  readonly commandTimeoutMs?: number
}

/** Breakers that open and close together. */
export interface RedisBreakers extends BreakerShare, AsyncDisposable {
  /** Settles when it listens; what other processes had open by then is open here. Rejects when Redis cannot be reached. */
  readonly ready: Promise<void>
}

interface Shared {
  readonly name: string
  readonly breaker: Breaker
  /** Where this breaker's lease stands. */
  lease: 'none' | 'asked' | 'held'
  /** When a lease that was not used is over, in milliseconds of the process. */
  leaseUntil: number
  renewal: ReturnType<typeof setInterval> | undefined
  /** A change that came from elsewhere is not to be told again. */
  isEcho: boolean
}

/** Written and told in one step. KEYS: state. ARGV: channel, message, opener and how often it opened, milliseconds. */
const openScript = `redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4]); return redis.call('PUBLISH', ARGV[1], ARGV[2])`
/** Forgotten and told in one step. KEYS: state, lease. ARGV: channel, message. */
const closeScript = `redis.call('DEL', KEYS[1], KEYS[2]); return redis.call('PUBLISH', ARGV[1], ARGV[2])`
/** Renewed or given up only by its holder. KEYS: lease. ARGV: holder, milliseconds (0 gives it up). */
const leaseScript = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

/**
 * Shares breaker state over Redis: one that opens in any process opens in all of them, one process at a time probes, and its success closes all.
 * A call never waits for Redis, closed or open: changes are told by publish and subscribe, and the leave to probe is asked for beside the
 * calls, which are refused until it is had. While Redis is gone each process goes by its own breaker, probes included.
 *
 * @example
 * ```ts
 * import { createRecovery } from '@hivekit/errors'
 * import { createRedisBreakers } from '@hivekit/errors/redis'
 * import { Redis } from 'ioredis'
 *
 * const redis = new Redis()
 * await using share = createRedisBreakers({ redis })
 * await share.ready
 * const recovery = createRecovery({ name: 'search', breaker: { share } })
 * ```
 */
export const createRedisBreakers = (options: RedisBreakersOptions): RedisBreakers => {
  const { redis, keyPrefix = 'hivekit:breaker:', probeLeaseMs = 5_000, commandTimeoutMs = 250 } = options
  if (!(probeLeaseMs >= 1)) throw new RangeError(`Expected probeLeaseMs to be 1 or more; got ${probeLeaseMs}.`)
  if (!(commandTimeoutMs >= 1)) throw new RangeError(`Expected commandTimeoutMs to be 1 or more; got ${commandTimeoutMs}.`)
  const self = crypto.randomUUID()
  const channel = `${keyPrefix}changes`
  const shared = new Map<string, Set<Shared>>()
  // ioredis leaves the failure of its own resubscribing unhandled, which ends the process: it is done below.
  const listener = redis.duplicate({ lazyConnect: true, maxRetriesPerRequest: null, enableOfflineQueue: true, autoResubscribe: false })
  const stateKey = (name: string) => `${keyPrefix}${name}:open`
  const leaseKey = (name: string) => `${keyPrefix}${name}:lease`

  /** The answer of Redis, or undefined where there is none in time. */
  const ask = async (command: () => Promise<unknown>): Promise<unknown> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const gone = new Promise<undefined>(resolve => {
      timer = setTimeout(resolve, commandTimeoutMs, undefined)
      timer.unref()
    })
    try {
      return redis.status === 'ready' ? await Promise.race([command(), gone]) : undefined
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  const quietly = (one: Shared, change: () => void) => {
    one.isEcho = true
    change()
    one.isEcho = false
  }

  const giveUpLease = (one: Shared) => ask(() => redis.eval(leaseScript, 1, leaseKey(one.name), self, '0'))

  const release = (one: Shared) => {
    clearInterval(one.renewal)
    one.renewal = undefined
    if (one.lease === 'held') void giveUpLease(one)
    one.lease = 'none'
  }

  /** Asks for the leave to probe, beside the calls. Without Redis the leave is had at once. */
  const askToProbe = async (one: Shared) => {
    one.lease = 'asked'
    const askedAt = performance.now()
    const answer = redis.status === 'ready' ? await ask(() => redis.set(leaseKey(one.name), self, 'PX', probeLeaseMs, 'NX')) : undefined
    if (one.lease !== 'asked') {
      // Something changed meanwhile: what was got is not needed.
      if (answer === 'OK') void giveUpLease(one)
      return
    }
    // null: another process holds it. undefined: Redis is gone, so this breaker goes by itself.
    one.lease = answer === null ? 'none' : 'held'
    one.leaseUntil = askedAt + probeLeaseMs
  }

  const hear = (name: string, message: string) => {
    const [kind, from, forMs, opens] = message.split(' ')
    if (from === self) return
    for (const one of shared.get(name) ?? []) {
      if (kind === 'closed') {
        release(one)
        quietly(one, () => one.breaker.close())
      } else {
        release(one)
        // All that open at once count one opening, so that a wait that grows does not grow with the cluster.
        quietly(one, () => one.breaker.restore({ state: 'open', remainingMs: Number(forMs), opens: Number(opens) }))
      }
    }
  }

  const catchUp = async (name: string) => {
    const [state, remainingMs] = await Promise.all([ask(() => redis.get(stateKey(name))), ask(() => redis.pttl(stateKey(name)))])
    if (typeof state !== 'string' || !(Number(remainingMs) > 0)) return
    const [opener, opens] = state.split(' ')
    hear(name, `open ${opener} ${String(remainingMs)} ${opens}`)
  }
  const catchUpAll = () => Promise.all(Array.from(shared.keys(), catchUp))
  const listen = async () => {
    await listener.subscribe(channel)
    await catchUpAll()
  }

  listener.on('message', (_: string, text: string) => {
    const at = text.indexOf('\n')
    hear(text.slice(0, at), text.slice(at + 1))
  })
  // What was told while either connection was down is read from the keys, once both are back.
  const caughtUp = () => void catchUpAll()
  listener.on('ready', () => void listen().catch(() => {}))
  redis.on('ready', caughtUp)
  // Reconnecting is ioredis's own doing; without a listener an error would end the process.
  listener.on('error', () => {})
  const ready = (async () => {
    await listener.connect()
    await listen()
  })()
  ready.catch(() => {})

  return {
    ready,
    attach: (name, breaker) => {
      const one: Shared = { name, breaker, lease: 'none', leaseUntil: 0, renewal: undefined, isEcho: false }
      const all = shared.get(name) ?? new Set()
      shared.set(name, all.add(one))
      if (listener.status === 'ready') void catchUp(name)
      const stop = breaker.onTransition(({ to, openMs }) => {
        if (to === 'half-open') {
          one.renewal = setInterval(() => {
            void ask(() => redis.eval(leaseScript, 1, leaseKey(name), self, String(probeLeaseMs)))
          }, probeLeaseMs / 3)
          one.renewal.unref()
          return
        }
        release(one)
        if (one.isEcho) return
        if (to === 'closed') void ask(() => redis.eval(closeScript, 2, stateKey(name), leaseKey(name), channel, `${name}\nclosed ${self}`))
        else {
          const forMs = String(Math.max(1, Math.ceil(openMs)))
          const { opens } = breaker.snapshot()
          void ask(() => redis.eval(openScript, 1, stateKey(name), channel, `${name}\nopen ${self} ${forMs} ${opens}`, `${self} ${opens}`, forMs))
        }
      })
      return {
        mayProbe: () => {
          if (one.lease === 'held' && performance.now() < one.leaseUntil) return true
          if (one.lease !== 'asked') void askToProbe(one)
          return false
        },
        detach: () => {
          stop()
          release(one)
          all.delete(one)
          if (all.size === 0) shared.delete(name)
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of Array.from(shared.values(), all => [...all]).flat()) release(one)
      shared.clear()
      redis.off('ready', caughtUp)
      await ready.catch(() => {})
      listener.disconnect()
    },
  }
}
