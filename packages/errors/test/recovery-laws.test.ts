import { createRecovery, createRetryBudget, fail, HiveError, type Attempt, type ErrorKind, type RecoveryOptions, type RetryBudget } from '@hivekit/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)
const kinds: readonly ErrorKind[] = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug']

/** What one attempt does: after a time it answers, fails or throws; or it hangs. */
const outcome = fc.record({
  afterMs: fc.constantFrom(0, 0, 1, 10, 60, 200, Number.POSITIVE_INFINITY),
  does: fc.constantFrom('answer' as const, 'fail' as const, 'throw' as const),
  kind: fc.constantFrom(...kinds),
  retryAfterMs: fc.constantFrom(undefined, undefined, 5, 500),
})

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const composition = fc.record({
  deadlineMs: maybe(fc.integer({ min: 1, max: 400 })),
  attemptTimeoutMs: maybe(fc.integer({ min: 1, max: 150 })),
  retry: maybe(fc.record({
    maxAttempts: fc.integer({ min: 1, max: 5 }), baseMs: fc.integer({ min: 0, max: 50 }), jitter: fc.constantFrom('full' as const, 'decorrelated' as const, 'none' as const),
  })),
  breaker: maybe(fc.record({
    trip: fc.constantFrom({ type: 'consecutive', failures: 3 } as const, { type: 'count', size: 5, minimum: 2 } as const, { type: 'sampling', windowMs: 200, minimum: 3 } as const),
    openMs: fc.integer({ min: 1, max: 100 }),
    keyed: fc.boolean(),
  })),
  bulkhead: maybe(fc.record({ maxConcurrent: fc.integer({ min: 1, max: 3 }), maxQueued: fc.nat(3) })),
  hedge: maybe(fc.record({ delayMs: fc.nat(50), maxHedges: fc.integer({ min: 1, max: 2 }) })),
  fallback: maybe(fc.constantFrom(() => 'fallback', () => new Promise<string>(() => {}), () => fail('internal', 'no'))),
  degrade: maybe(fc.constant({ maxAgeMs: 100 })),
})

const runs = fc.array(fc.record({
  startsAfterMs: fc.nat(80), idempotent: fc.boolean(), key: fc.constantFrom(undefined, 'a', 'b'), cancelsAfterMs: maybe(fc.nat(300)), outcomes: fc.array(outcome, { minLength: 1, maxLength: 6 }),
}), { minLength: 1, maxLength: 8 })

/** A budget that notes the least it ever had. */
const watched = (budget: RetryBudget) => {
  let least = budget.tokens()
  let paid = 0
  const watch: RetryBudget = {
    ...budget,
    take: (now, afterTimeout) => {
      const taken = budget.take(now, afterTimeout)
      if (taken) paid++
      least = Math.min(least, budget.tokens())
      return taken
    },
  }
  return { budget: watch, least: () => least, paid: () => paid }
}

test('every composition keeps its laws: attempts, deadline, budget, one outcome, all places and timers given back', async () => {
  await fc.assert(fc.asyncProperty(composition, runs, fc.integer({ min: 0, max: 3 }), async (options, plan, maxTokens) => {
    const clock = createVirtualClock()
    const purse = watched(createRetryBudget({ maxTokens, ratio: 0, minPerSecond: 0 }, { clock }))
    const present = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<RecoveryOptions<unknown>>
    const recovery = createRecovery<unknown>({ name: 'laws', clock, random: () => 0.5, budget: purse.budget, ...present })
    const { deadlineMs = Number.POSITIVE_INFINITY } = options
    const maxAttempts = (options.retry?.maxAttempts ?? 1) + (options.hedge?.maxHedges ?? 0)
    let allAttempts = 0
    let startedRuns = 0
    const broken: string[] = []
    const keeps = (law: string, isKept: boolean) => { if (!isKept) broken.push(law) }

    const all = plan.map(async ({ startsAfterMs, idempotent, key, cancelsAfterMs, outcomes }) => {
      await new Promise<void>(resolve => clock.after(startsAfterMs, resolve))
      const startedAt = clock.now()
      const abort = new AbortController()
      if (cancelsAfterMs !== undefined) clock.after(cancelsAfterMs, () => abort.abort())
      let attempts = 0
      let isOver = false
      const operation = async ({ number }: Attempt) => {
        // What is thrown in here would be recovered from, so broken laws are noted.
        keeps('no attempt after the end', !isOver)
        keeps('attempts are numbered', number === ++attempts)
        keeps('no more attempts than allowed', attempts <= maxAttempts)
        allAttempts++
        if (attempts === 1) {
          startedRuns++
          const { running } = recovery.snapshot().bulkhead ?? { running: 0 }
          keeps('no more runs than places', running <= (options.bulkhead?.maxConcurrent ?? 0))
        }
        const { afterMs, does, kind, retryAfterMs } = outcomes[(attempts - 1) % outcomes.length]!
        if (afterMs > 0) await new Promise<void>(resolve => { if (afterMs < 1e6) clock.after(afterMs, resolve) })
        if (does === 'answer') return 'answer'
        const error = new HiveError('unavailable', 'x', { kind, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), stack: 'none' })
        if (does === 'throw') throw error
        return fail('unavailable', 'x', { kind, stack: 'none' })
      }
      const result = await recovery.run(operation, { idempotent, signal: abort.signal, ...(key === undefined ? {} : { key }) })
      isOver = true
      const tookMs = clock.now() - startedAt
      expect(tookMs).toBeLessThanOrEqual(Math.min(deadlineMs, cancelsAfterMs ?? deadlineMs) + 0.01)
      if (result.isErr() && result.error.code === 'cancelled') expect(abort.signal.aborted).toBe(true)
      if (result.staleMs !== undefined) {
        expect(result.staleMs).toBeLessThanOrEqual(100)
        expect(key).toBeDefined()
      }
      return result
    })
    // Runs that nothing limits may hang for good: cancel those.
    await clock.advance(5_000)
    const isUnlimited = deadlineMs === Number.POSITIVE_INFINITY
    const settled = await Promise.all(all.map(run => Promise.race([run, Promise.resolve().then(() => undefined)])))
    if (!isUnlimited) expect(settled.every(result => result !== undefined)).toBe(true)

    expect(broken).toEqual([])
    const { counts, bulkhead } = recovery.snapshot()
    const { lifetime } = counts
    const outcomes = lifetime.succeeded + lifetime.recoveredByRetry + lifetime.recoveredByHedge + lifetime.recoveredByFallback + lifetime.recoveredByDegrade +
      lifetime.gaveUp + lifetime.failed + lifetime.cancelled
    expect(outcomes).toBe(settled.filter(result => result !== undefined).length)
    expect(lifetime.attempts).toBe(allAttempts)
    expect(purse.least()).toBeGreaterThanOrEqual(0)
    expect(allAttempts).toBeLessThanOrEqual(startedRuns + purse.paid())
    if (outcomes === plan.length) {
      expect(clock.pending()).toBe(0)
      expect(bulkhead?.running ?? 0).toBe(0)
    }
  }), { numRuns: 150 * soak })
}, 60_000)
