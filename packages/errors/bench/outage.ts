// A server of 1,000 requests a second hangs for five seconds, as seen through four ways of calling it. Time is virtual: one step is 1 ms.
import { setImmediate } from 'node:timers/promises'
import { mock } from 'node:test'
import { createRecovery, HiveError, type Clock } from '@hivekit/errors'
import { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel'
import type { BenchRow } from '../../../scripts/bench.ts'

/** One run of the simulation. */
export interface Outage {
  /** How many clients share the load. */
  readonly clients: number
  /** The part of the server's rate that is asked of it, 0–1. */
  readonly load: number
}

/** What came of it. */
export interface OutageResult {
  /** Requests sent to the server for each one that was wanted. */
  readonly amplification: number
  /** Good answers, as a part of those wanted while the server was well. */
  readonly goodput: number
  /** From the outage's end until 95 % of what is wanted is answered, for good, in seconds; infinite if never. */
  readonly recoveryS: number
  /** Good answers in each quarter second, as a part of those wanted. */
  readonly series: readonly number[]
}

/** Ways of calling; each makes what one client calls through. */
export const strategies = {
  'no retry': () => (call: Call) => call(),
  'plain retries': () => async (call: Call) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call()
      } catch (error) {
        if (attempt === 4) throw error
        await new Promise(resolve => setTimeout(resolve, 100))
      }
    }
  },
  // As its README has it: three retries, and a breaker that opens for ten seconds after five failures in a row.
  'cockatiel': () => {
    const policy = wrap(
      retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
      circuitBreaker(handleAll, { halfOpenAfter: 10 * 1_000, breaker: new ConsecutiveBreaker(5) }),
    )
    return (call: Call) => policy.execute(call)
  },
  '@hivekit/errors': (clock: Clock, random: () => number) => {
    const recovery = createRecovery({ name: 'simulated', retry: true, breaker: true, clock, random })
    return async (call: Call) => {
      const result = await recovery.run(call, { idempotent: true })
      if (result.isErr()) throw result.error
    }
  },
} as const satisfies Readonly<Record<string, (clock: Clock, random: () => number) => (call: Call) => Promise<void>>>

type Call = () => Promise<void>

/** The time line, in milliseconds. */
export const timeline = { lengthMs: 60_000, outageAtMs: 10_000, outageMs: 5_000, timeoutMs: 250, binMs: 250 } as const

interface Request {
  readonly sentAt: number
  readonly answer: () => void
  readonly giveUp: () => void
}

/** Runs one strategy through the outage. */
export const simulateOutage = async (strategy: keyof typeof strategies, { clients, load }: Outage): Promise<OutageResult> => {
  const random = seeded(7)
  let now = 0
  const waiting: { readonly at: number; readonly callback: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after: (delayMs, callback) => {
      const timer = { at: now + delayMs, callback }
      waiting.push(timer)
      return () => {
        const at = waiting.indexOf(timer)
        if (at >= 0) waiting.splice(at, 1)
      }
    },
  }
  const callers = Array.from({ length: clients }, () => strategies[strategy](clock, random))
  const { lengthMs, outageAtMs, outageMs, timeoutMs, binMs } = timeline
  const outageEndMs = outageAtMs + outageMs
  const bins = Array.from({ length: lengthMs / binMs }, () => ({ wanted: 0, good: 0 }))
  const queue: Request[] = []
  const pending: Request[] = []
  let served = 0
  let timedOut = 0
  let sent = 0

  // The transport, the same for all: the server answers in the order of asking, also those that nobody waits for any more.
  const call: Call = () => new Promise((answer, reject) => {
    sent++
    const request = { sentAt: now, answer, giveUp: () => reject(new HiveError('timeout', 'No answer.', { stack: 'none' })) }
    queue.push(request)
    pending.push(request)
  })

  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  try {
    for (; now < lengthMs; now++) {
      mock.timers.tick(1)
      for (const timer of waiting.filter(({ at }) => at <= now)) {
        const at = waiting.indexOf(timer)
        if (at < 0) continue
        waiting.splice(at, 1)
        timer.callback()
      }
      for (let wanted = poisson(load, random); wanted > 0; wanted--) {
        const bin = bins[Math.floor(now / binMs)]!
        bin.wanted++
        callers[Math.floor(random() * clients)]!(call).then(() => bin.good++, () => {})
      }
      const isUp = now < outageAtMs || now >= outageEndMs
      if (isUp && served < queue.length) queue[served++]!.answer()
      while (timedOut < pending.length && pending[timedOut]!.sentAt + timeoutMs <= now) pending[timedOut++]!.giveUp()
      await setImmediate()
    }
  } finally {
    mock.timers.reset()
  }
  return summarise(bins, sent)
}

const summarise = (bins: readonly { readonly wanted: number; readonly good: number }[], sent: number): OutageResult => {
  const { outageAtMs, outageMs, binMs } = timeline
  const sum = (read: (bin: (typeof bins)[number]) => number, some = bins) => some.reduce((total, bin) => total + read(bin), 0)
  const firstDown = outageAtMs / binMs
  const firstUp = (outageAtMs + outageMs) / binMs
  const wantedWhileUp = sum(bin => bin.wanted, [...bins.slice(0, firstDown), ...bins.slice(firstUp)])
  // The last bin's requests may still be under way.
  const lastBad = bins.slice(0, -2).findLastIndex(bin => bin.good < 0.95 * bin.wanted)
  const isNever = lastBad >= bins.length - 3
  return {
    amplification: sent / sum(bin => bin.wanted),
    goodput: sum(bin => bin.good) / wantedWhileUp,
    recoveryS: isNever ? Number.POSITIVE_INFINITY : Math.max(0, ((lastBad + 1 - firstUp) * binMs) / 1_000),
    series: bins.map(bin => (bin.wanted === 0 ? 1 : bin.good / bin.wanted)),
  }
}

/** The outages that are simulated. */
export const outages: readonly Outage[] = [{ clients: 1, load: 0.8 }, { clients: 100, load: 0.8 }, { clients: 1, load: 0.95 }, { clients: 100, load: 0.95 }]

/** Rows for the bench: each figure beside the best of the others. */
export const outageRows = async (): Promise<BenchRow[]> => {
  const rows: BenchRow[] = []
  for (const outage of outages) {
    const name = `outage, ${outage.clients} client${outage.clients === 1 ? '' : 's'}, ${outage.load * 100} % load`
    const ours = await simulateOutage('@hivekit/errors', outage)
    const others: OutageResult[] = []
    for (const strategy of ['no retry', 'plain retries', 'cockatiel'] as const) others.push(await simulateOutage(strategy, outage))
    const peer = (read: (result: OutageResult) => number, best: (...all: number[]) => number) => best(...others.map(read))
    const round = (n: number) => Number(n.toPrecision(3))
    const [amplification, goodput, recoveryS] = [peer(r => r.amplification, Math.min), peer(r => r.goodput, Math.max), peer(r => r.recoveryS, Math.min)]
    rows.push(
      { case: `${name}: requests sent for each wanted`, ours: round(ours.amplification), peer: round(amplification), unit: 'times', ratio: round(ours.amplification / amplification) },
      { case: `${name}: goodput`, ours: round(ours.goodput), peer: round(goodput), unit: 'of the ceiling', ratio: round(goodput / ours.goodput) },
      { case: `${name}: recovery`, ours: round(ours.recoveryS), peer: round(recoveryS), unit: 's', ratio: round(ours.recoveryS / recoveryS) },
    )
  }
  return rows
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** How many arrive in one step at a mean rate (Knuth). */
const poisson = (mean: number, random: () => number) => {
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; product > limit; count++) product *= random()
  return count
}
