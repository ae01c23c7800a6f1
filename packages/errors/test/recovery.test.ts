import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createErrorMetrics, createRecovery, createRetryBudget, fail, HiveError, ok, type ErrorEvent, type RecoveryOptions } from '@hivekit/errors'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { errorOf, valueOf } from './outcome-of.ts'
import { createVirtualClock } from './virtual-clock.ts'

const unavailable = new HiveError('unavailable', 'Down.')
const notFound = new HiveError('not_found', 'No such thing.')
const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
const never = () => new Promise<never>(() => {})

/** A recovery on a virtual clock without jitter, and what it did. */
const setUp = <F = never>(options: Partial<RecoveryOptions<F>> = {}) => {
  const clock = createVirtualClock()
  const recovery = createRecovery<F>({ name: 'test', clock, random: () => 0.5, ...options })
  const events: ErrorEvent[] = []
  recovery.onEvent(event => events.push(event))
  return { clock, recovery, events, types: () => events.map(event => event.type) }
}

/** An operation that plays these outcomes in turn, the last one for good. */
const playing = (...outcomes: readonly unknown[]) => {
  let calls = 0
  const operation = async () => {
    const outcome = outcomes[Math.min(calls++, outcomes.length - 1)]
    if (outcome instanceof Error) throw outcome
    return outcome
  }
  return { operation, calls: () => calls }
}

describe('a run', () => {
  test('answers with the value, whether it is returned, promised or a result', async () => {
    const { recovery } = setUp()
    expect(valueOf(await recovery.run(() => 1))).toBe(1)
    expect(valueOf(await recovery.run(async () => 2))).toBe(2)
    expect(valueOf(await recovery.run(async () => ok(3)))).toBe(3)
    expect(errorOf(await recovery.run(() => fail('conflict', 'x'))).code).toBe('conflict')
    expect(errorOf(await recovery.run(() => { throw reset }))).toMatchObject({ code: 'dependency_failed', kind: 'ambiguous', cause: reset })
    expect(errorOf(await recovery.run(() => { throw undefined }))).toMatchObject({ code: 'internal', kind: 'bug' })
  })

  test('knows the type of its value', async () => {
    const plain = createRecovery({ name: 'x' })
    const result = await plain.run(async () => 'text')
    if (result.isOk()) expectTypeOf(result.value).toEqualTypeOf<string>()
    const withFallback = createRecovery({ name: 'x', fallback: () => null })
    const other = await withFallback.run(async () => ok(7))
    if (other.isOk()) expectTypeOf(other.value).toEqualTypeOf<number | null>()
    expectTypeOf(result.staleMs).toEqualTypeOf<number | undefined>()
  })

  test('refuses options that make no sense', () => {
    expect(() => createRecovery({ name: '' })).toThrow(TypeError)
    expect(() => createRecovery({ name: 'x', deadlineMs: 0 })).toThrow('Expected deadlineMs to be a number of')
    expect(() => createRecovery({ name: 'x', attemptTimeoutMs: -1 })).toThrow(RangeError)
    expect(() => createRecovery({ name: 'x', retry: { maxAttempts: 0 } })).toThrow('Expected retry.maxAttempts to be a number of 1 or more; got 0.')
    expect(() => createRecovery({ name: 'x', retry: { floorMs: 5, capMs: 4 } })).toThrow(RangeError)
    expect(() => createRecovery({ name: 'x', breaker: { trip: { type: 'count', size: 5, minimum: 6 } } })).toThrow('from 1 to 5')
    expect(() => createRecovery({ name: 'x', bulkhead: { maxConcurrent: 0 } })).toThrow(RangeError)
    expect(() => createRecovery({ name: 'x', hedge: { delayMs: Number.NaN } })).toThrow(RangeError)
    expect(() => createRecovery({ name: 'x', degrade: { maxAgeMs: -1 } })).toThrow(RangeError)
    expect(() => createRetryBudget({ ratio: 2 })).toThrow('from 0 to 1')
  })
})

describe('retry', () => {
  test('makes what is transient or throttled again, with exponential backoff', async () => {
    const { recovery, clock, events } = setUp({ retry: { maxAttempts: 4, baseMs: 100, jitter: 'none' } })
    const { operation, calls } = playing(unavailable, { status: 429 }, unavailable, 'good')
    const run = recovery.run(() => operation().then(value => (typeof value === 'object' ? Promise.reject(value) : value)))
    await clock.advance(10_000)
    expect(valueOf(await run)).toBe('good')
    expect(calls()).toBe(4)
    expect(events.flatMap(event => (event.type === 'retrying' ? [event.delayMs] : []))).toEqual([100, 200, 400])
    expect(events.at(-1)).toMatchObject({ type: 'recovered', by: 'retry', attempts: 4, afterMs: 700 })
  })

  test('leaves alone what is permanent, a bug, or ambiguous and not idempotent', async () => {
    const { recovery, clock } = setUp({ retry: { maxAttempts: 3, baseMs: 1 } })
    const attempts = async (thrown: unknown, idempotent: boolean) => {
      const { operation, calls } = playing(thrown)
      const run = recovery.run(operation, { idempotent })
      await clock.advance(1_000)
      await run
      return calls()
    }
    expect(await attempts(notFound, true)).toBe(1)
    expect(await attempts(new TypeError('x'), true)).toBe(1)
    expect(await attempts(reset, false)).toBe(1)
    expect(await attempts(reset, true)).toBe(3)
  })

  test('waits as long as the other side asks, but not past the deadline', async () => {
    const slow = new HiveError('rate_limited', 'x', { retryAfterMs: 3_000 })
    const first = setUp({ retry: { baseMs: 1 } })
    const run = first.recovery.run(playing(slow, 'good').operation)
    await first.clock.advance(3_000)
    expect((await run).isOk()).toBe(true)
    expect(first.events.at(-1)).toMatchObject({ afterMs: 3_000 })

    const second = setUp({ retry: { baseMs: 1 }, deadlineMs: 2_000 })
    expect(errorOf(await second.recovery.run(playing(slow, 'good').operation))).toBe(slow)
    expect(second.clock.now()).toBe(0)
  })

  test('without a wait is made in the same turn', async () => {
    const { recovery, clock } = setUp({ retry: { maxAttempts: 3, baseMs: 0 } })
    expect((await recovery.run(playing(unavailable, unavailable, 'good').operation)).isOk()).toBe(true)
    expect(clock.now()).toBe(0)
  })

  test('can be the default, or off', async () => {
    const { recovery, clock } = setUp({ retry: true })
    const three = playing(unavailable)
    const run = recovery.run(three.operation)
    await clock.advance(60_000)
    await run
    expect(three.calls()).toBe(3)
    const once = playing(unavailable)
    await setUp({ retry: false }).recovery.run(once.operation)
    expect(once.calls()).toBe(1)
  })
})

describe('the retry budget', () => {
  test('is asked before the backoff, and refuses when it is empty', async () => {
    const { recovery, clock, types } = setUp({ retry: { maxAttempts: 10, baseMs: 100, jitter: 'none' }, budget: { maxTokens: 2, ratio: 0, minPerSecond: 0 } })
    const { operation, calls } = playing(unavailable)
    const run = recovery.run(operation)
    await clock.advance(300)
    expect(errorOf(await run)).toBe(unavailable)
    expect(calls()).toBe(3)
    expect(types().slice(-2)).toEqual(['budget_exhausted', 'gave_up'])
    expect(recovery.snapshot().budgetTokens).toBe(0)
  })

  test('charges more for timeouts, earns with each run and with time, and never overflows', () => {
    const clock = createVirtualClock()
    const budget = createRetryBudget({ maxTokens: 4, ratio: 0.5, minPerSecond: 1, timeoutCost: 3 }, { clock })
    expect(budget.take(0, true)).toBe(true)
    expect(budget.tokens()).toBe(1)
    expect(budget.take(0, true)).toBe(false)
    budget.earn()
    expect(budget.tokens()).toBe(1.5)
    expect(budget.take(1_500, true)).toBe(true)
    expect(budget.tokens()).toBe(0)
    budget.refund(true)
    budget.refund(false)
    budget.refund(false)
    expect(budget.tokens()).toBe(4)
    budget.earn()
    expect(budget.tokens()).toBe(4)
  })

  test('is shared by name, and given the same options everywhere', async () => {
    const clock = createVirtualClock()
    const budget = { name: 'shared', maxTokens: 1, ratio: 0, minPerSecond: 0 }
    const [a, b] = ['a', 'b'].map(name => createRecovery({ name, clock, budget, retry: { maxAttempts: 2, baseMs: 0 } }))
    const first = playing(unavailable)
    const second = playing(unavailable)
    await a!.run(first.operation)
    await b!.run(second.operation)
    expect([first.calls(), second.calls()]).toEqual([2, 1])
    expect(() => createRecovery({ name: 'c', clock, budget: { ...budget, maxTokens: 9 } })).toThrow('Expected budget "shared" to be given the same options')
  })

  test('gives back what a cancelled backoff had taken', async () => {
    const { recovery, clock } = setUp({ retry: true, budget: { maxTokens: 5, ratio: 0, minPerSecond: 0 } })
    const abort = new AbortController()
    const run = recovery.run(playing(unavailable).operation, { signal: abort.signal })
    await clock.advance(0)
    expect(recovery.snapshot().budgetTokens).toBe(4)
    abort.abort()
    await run
    expect(recovery.snapshot().budgetTokens).toBe(5)
  })

  test('can be lifted', async () => {
    const { recovery } = setUp({ retry: { maxAttempts: 50, baseMs: 0 }, budget: false })
    const { operation, calls } = playing(unavailable)
    await recovery.run(operation)
    expect(calls()).toBe(50)
    expect(recovery.snapshot().budgetTokens).toBeNull()
  })
})

describe('time limits', () => {
  test('an attempt that takes too long is ambiguous, its signal aborted, its late answer ignored', async () => {
    const { recovery, clock } = setUp({ attemptTimeoutMs: 100 })
    let reason: unknown
    const run = recovery.run(({ signal }) => new Promise(resolve => {
      signal.addEventListener('abort', () => { reason = signal.reason; resolve('late') })
    }))
    await clock.advance(100)
    const error = errorOf(await run)
    expect(error).toMatchObject({ code: 'timeout', kind: 'ambiguous', details: { attemptTimeoutMs: 100 } })
    expect(reason).toBe(error)
    expect(clock.pending()).toBe(0)
  })

  test('an attempt that has timed out is retried if idempotent', async () => {
    const { recovery, clock, events } = setUp({ attemptTimeoutMs: 100, retry: { baseMs: 10, jitter: 'none' } })
    const run = recovery.run(({ number }) => (number === 3 ? 'good' : never()), { idempotent: true })
    await clock.advance(1_000)
    expect(valueOf(await run)).toBe('good')
    expect(events.at(-1)).toMatchObject({ type: 'recovered', at: 230 })
  })

  test('the deadline ends a run whatever it does', async () => {
    const { recovery, clock } = setUp({ deadlineMs: 250, attemptTimeoutMs: 100, retry: { maxAttempts: 9, baseMs: 10, jitter: 'none' }, budget: false })
    const run = recovery.run(never, { idempotent: true })
    let settledAt = 0
    void run.finally(() => { settledAt = clock.now() })
    await clock.advance(1_000)
    expect(errorOf(await run)).toMatchObject({ code: 'timeout', details: { deadlineMs: 250 } })
    expect(settledAt).toBe(250)
    expect(clock.pending()).toBe(0)
  })

  test('a signal asked for after the end is aborted already', async () => {
    const { recovery, clock } = setUp({ attemptTimeoutMs: 10 })
    let late: { readonly signal: AbortSignal } | undefined
    const run = recovery.run(attempt => { late = attempt; return never() })
    await clock.advance(10)
    await run
    expect(late?.signal.aborted).toBe(true)
  })

  test('many calls share few timers, and leave none behind', async () => {
    const { recovery, clock } = setUp({ attemptTimeoutMs: 1_000 })
    const answers: (() => void)[] = []
    const runs = Array.from({ length: 100 }, () => recovery.run(() => new Promise<void>(resolve => answers.push(resolve))))
    expect(clock.pending()).toBe(1)
    await clock.advance(500)
    for (const answer of answers.slice(0, 99)) answer()
    await clock.advance(499)
    expect(clock.pending()).toBe(1)
    await clock.advance(1)
    expect(clock.pending()).toBe(0)
    const results = await Promise.all(runs)
    expect(results.map(result => result.isOk())).toEqual([...Array.from({ length: 99 }, () => true), false])
  })

  test('no timer keeps a process alive', async () => {
    const program = `
      import { createRecovery } from '@hivekit/errors'
      const recovery = createRecovery({ name: 'x', attemptTimeoutMs: 60_000, deadlineMs: 90_000, retry: { baseMs: 50_000, floorMs: 50_000, capMs: 60_000 } })
      console.log((await recovery.run(async () => 'answered')).value)
      void recovery.run(() => new Promise(() => {}))
      void recovery.run(() => { throw { status: 503 } })`
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@hivekit/source', '--input-type=module', '-e', program], { cwd: import.meta.dirname, timeout: 15_000 })
    expect(stdout).toBe('answered\n')
  })
})

describe('cancelling', () => {
  const settles = async (options: Partial<RecoveryOptions>, operation: () => unknown, before: (clock: ReturnType<typeof createVirtualClock>) => Promise<void> = async () => {}) => {
    const { recovery, clock } = setUp(options)
    const abort = new AbortController()
    const run = recovery.run(operation, { signal: abort.signal, idempotent: true, key: 'k' })
    await clock.advance(0)
    await before(clock)
    abort.abort('enough')
    const first = await Promise.race([run, new Promise(resolve => setImmediate(resolve, 'later'))])
    expect(first).not.toBe('later')
    expect(errorOf(await run)).toMatchObject({ code: 'cancelled', cause: 'enough' })
    await clock.advance(16)
    expect(clock.pending()).toBe(0)
  }

  test('settles at once while the operation runs, though it does not heed its signal', async () => {
    await settles({ deadlineMs: 60_000, attemptTimeoutMs: 60_000 }, never, clock => clock.advance(50))
  })

  test('settles at once during the backoff', async () => {
    await settles({ retry: { baseMs: 60_000, capMs: 60_000, jitter: 'none' } }, () => { throw unavailable })
  })

  test('settles at once during a fallback', async () => {
    await settles({ fallback: never, deadlineMs: 60_000 }, () => { throw unavailable })
  })

  test('settles at once while hedging', async () => {
    await settles({ hedge: { delayMs: 10 } }, never, clock => clock.advance(20))
  })

  test('settles at once while waiting for a place, and gives up the wait', async () => {
    const { recovery, clock } = setUp({ bulkhead: { maxConcurrent: 1, maxQueued: 1 }, deadlineMs: 1_000 })
    const abort = new AbortController()
    const first = recovery.run(never)
    const second = recovery.run(never, { signal: abort.signal })
    expect(recovery.snapshot().bulkhead).toEqual({ running: 1, queued: 1 })
    abort.abort()
    expect(errorOf(await second).code).toBe('cancelled')
    expect(recovery.snapshot().bulkhead).toEqual({ running: 1, queued: 0 })
    await clock.advance(1_000)
    await first
    expect(recovery.snapshot().bulkhead).toEqual({ running: 0, queued: 0 })
  })

  test('before the start never calls the operation', async () => {
    const { recovery } = setUp({ breaker: true, fallback: () => 1, degrade: { maxAgeMs: 1 } })
    const { operation, calls } = playing('good')
    expect(errorOf(await recovery.run(operation, { signal: AbortSignal.abort() })).code).toBe('cancelled')
    expect(calls()).toBe(0)
  })

  test('leaves no listener on the signal', async () => {
    const { recovery } = setUp()
    const { signal } = new AbortController()
    let listeners = 0
    const counted = new Proxy(signal, {
      get: (target, property) => {
        if (property === 'addEventListener') listeners++
        if (property === 'removeEventListener') listeners--
        const value: unknown = Reflect.get(target, property)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    await recovery.run(async () => 1, { signal: counted })
    expect(listeners).toBe(0)
  })
})

describe('the breaker in a run', () => {
  test('refuses as a value once it is open, says for how long, and lets one probe pass', async () => {
    const { recovery, clock, types } = setUp({ breaker: { trip: { type: 'consecutive', failures: 2 }, openMs: 1_000 } })
    for (let i = 0; i < 2; i++) await recovery.run(playing(unavailable).operation)
    const refused = playing('good')
    await clock.advance(250)
    expect(errorOf(await recovery.run(refused.operation))).toMatchObject({ code: 'unavailable', retryAfterMs: 750, details: { breaker: 'test' } })
    expect(refused.calls()).toBe(0)
    await clock.advance(750)
    const probe = recovery.run(() => new Promise(resolve => { setImmediate(resolve, 'good') }))
    expect((await recovery.run(refused.operation)).isErr()).toBe(true)
    expect((await probe).isOk()).toBe(true)
    expect(recovery.breaker()?.state()).toBe('closed')
    expect(types().filter(type => type === 'breaker')).toHaveLength(3)
    expect(recovery.snapshot().counts.lifetime).toMatchObject({ refusedByBreaker: 2, breakerOpened: 1, breakerHalfOpened: 1, breakerClosed: 1 })
  })

  test('opened anew, tells of the new wait at once', async () => {
    const recovery = createRecovery({ name: 'anew', clock: createVirtualClock(), breaker: true })
    for (const forMs of [60_000, 200, 60_000]) {
      recovery.breaker()?.open(forMs)
      expect(errorOf(await recovery.run(() => 1)).retryAfterMs).toBe(forMs)
    }
  })

  test('refuses without listeners just the same', async () => {
    const clock = createVirtualClock()
    const recovery = createRecovery({ name: 'quiet', clock, breaker: { openMs: 500 } })
    recovery.breaker()?.open()
    const { operation, calls } = playing('good')
    expect(errorOf(await recovery.run(operation))).toMatchObject({ code: 'unavailable', retryAfterMs: 500 })
    expect(errorOf(await recovery.run(operation, { signal: AbortSignal.abort() })).code).toBe('cancelled')
    await clock.advance(499)
    expect(errorOf(await recovery.run(operation)).retryAfterMs).toBe(1)
    expect(recovery.snapshot().counts.lifetime).toMatchObject({ runs: 3, refusedByBreaker: 2, gaveUp: 2, cancelled: 1 })
    await clock.advance(1)
    expect((await recovery.run(operation)).isOk()).toBe(true)
    expect(calls()).toBe(1)
  })

  test('takes answers that are permanent for life, and bugs and cancellations for nothing', async () => {
    const { recovery } = setUp({ breaker: { trip: { type: 'consecutive', failures: 2 } } })
    for (const thrown of [unavailable, notFound, unavailable]) await recovery.run(playing(thrown).operation)
    expect(recovery.breaker()?.state()).toBe('closed')
    for (const thrown of [new TypeError('x'), new HiveError('cancelled', 'x')]) await recovery.run(playing(thrown).operation)
    await recovery.run(playing(unavailable).operation)
    expect(recovery.breaker()?.state()).toBe('open')
  })

  test('ends the retries of a run with the error that opened it', async () => {
    const { recovery } = setUp({ breaker: { trip: { type: 'consecutive', failures: 2 } }, retry: { maxAttempts: 9, baseMs: 0 } })
    const { operation, calls } = playing(unavailable)
    expect(errorOf(await recovery.run(operation))).toBe(unavailable)
    expect(calls()).toBe(2)
  })

  test('can be one for each key, the least recently used forgotten', async () => {
    const { recovery } = setUp({ breaker: { keyed: true, maxKeys: 2, trip: { type: 'consecutive', failures: 1 } } })
    await recovery.run(playing(unavailable).operation, { key: 'a' })
    expect((await recovery.run(playing('good').operation, { key: 'b' })).isOk()).toBe(true)
    expect((await recovery.run(playing('good').operation, { key: 'a' })).isErr()).toBe(true)
    expect(recovery.snapshot().breakers).toMatchObject({ a: { state: 'open' } })
    expect(recovery.snapshot().breakers).not.toHaveProperty('b')
    await recovery.run(playing('good').operation, { key: 'c' })
    expect((await recovery.run(playing('good').operation, { key: 'a' })).isErr()).toBe(true)
    for (const key of ['d', 'e']) await recovery.run(playing('good').operation, { key })
    expect((await recovery.run(playing('good').operation, { key: 'a' })).isOk()).toBe(true)
  })
})

describe('the bulkhead', () => {
  test('lets so many run, so many wait, in order, and refuses the rest', async () => {
    const { recovery, clock } = setUp({ bulkhead: { maxConcurrent: 1, maxQueued: 2 } })
    const order: number[] = []
    const answers: (() => void)[] = []
    const runs = [1, 2, 3, 4].map(n => recovery.run(() => { order.push(n); return new Promise<void>(resolve => answers.push(resolve)) }))
    expect(errorOf(await runs[3]!)).toMatchObject({ code: 'capacity_exceeded', kind: 'throttled' })
    expect(order).toEqual([1])
    for (let i = 0; i < 3; i++) {
      answers[i]!()
      await clock.advance(0)
    }
    expect(order).toEqual([1, 2, 3])
    expect(recovery.snapshot().bulkhead).toEqual({ running: 0, queued: 0 })
  })

  test('waits no longer than the deadline', async () => {
    const { recovery, clock } = setUp({ bulkhead: { maxConcurrent: 1, maxQueued: 1 }, deadlineMs: 100 })
    void recovery.run(never)
    const { operation, calls } = playing('good')
    await clock.advance(50)
    const waiting = recovery.run(operation)
    let settledAt = 0
    void waiting.finally(() => { settledAt = clock.now() })
    await clock.advance(50)
    expect(calls()).toBe(1)
    expect(settledAt).toBe(100)
    expect((await waiting).isOk()).toBe(true)
  })
})

describe('hedging', () => {
  test('starts another attempt when an idempotent one takes long; the first answer wins, the other is aborted', async () => {
    const { recovery, clock, events } = setUp({ hedge: { delayMs: 50 } })
    const aborted: number[] = []
    const run = recovery.run(({ number, signal }) => new Promise(resolve => {
      signal.addEventListener('abort', () => aborted.push(number))
      if (number === 2) clock.after(10, () => resolve('second'))
    }), { idempotent: true })
    await clock.advance(60)
    expect(valueOf(await run)).toBe('second')
    expect(aborted).toEqual([1])
    expect(events.at(-1)).toMatchObject({ type: 'recovered', by: 'hedge', attempts: 2 })
    expect(clock.pending()).toBe(0)
  })

  test('waits for the other attempt when one fails', async () => {
    const { recovery, clock } = setUp({ hedge: { delayMs: 50 } })
    const run = recovery.run(({ number }) => new Promise((resolve, reject) => {
      clock.after(number === 1 ? 60 : 30, () => (number === 1 ? reject(unavailable) : resolve('second')))
    }), { idempotent: true })
    await clock.advance(200)
    expect(valueOf(await run)).toBe('second')
  })

  test('is not for runs that are not idempotent, and is paid from the budget', async () => {
    const { recovery, clock, types } = setUp({ hedge: { delayMs: 50, maxHedges: 3 }, budget: { maxTokens: 1, ratio: 0, minPerSecond: 0 }, deadlineMs: 500 })
    let calls = 0
    const count = () => { calls++; return never() }
    void recovery.run(count)
    await clock.advance(200)
    expect(calls).toBe(1)
    void recovery.run(count, { idempotent: true })
    await clock.advance(200)
    expect(calls).toBe(3)
    expect(types()).toContain('budget_exhausted')
    await clock.advance(1_000)
    expect(clock.pending()).toBe(0)
  })
})

describe('fallback and degrade', () => {
  test('a fallback answers for trouble, in order, and not for what is permanent or a bug', async () => {
    const { recovery, events } = setUp({
      fallback: [
        () => fail('internal', 'no'),
        async () => { throw new Error('no') },
        () => { throw new Error('no') },
        (error: HiveError, { key }: { key: string | undefined }) => `${error.code} ${key}`,
      ],
    })
    expect(valueOf(await recovery.run(playing(unavailable).operation, { key: 'k' }))).toBe('unavailable k')
    expect(events.at(-1)).toMatchObject({ type: 'recovered', by: 'fallback' })
    expect(errorOf(await recovery.run(playing(notFound).operation))).toBe(notFound)
    expect(errorOf(await recovery.run(playing(new TypeError('x')).operation)).kind).toBe('bug')
    expect(recovery.snapshot().counts.lifetime).toMatchObject({ failed: 2, recoveredByFallback: 1, gaveUp: 0, recoveryRate: 1 })
  })

  test('which errors they are for can be said', async () => {
    const { recovery } = setUp({ fallback: () => 'instead', recoverable: ({ code }) => code === 'not_found' })
    expect(valueOf(await recovery.run(playing(notFound).operation))).toBe('instead')
    expect((await recovery.run(playing(unavailable).operation)).isErr()).toBe(true)
  })

  test('a fallback has what is left of the deadline', async () => {
    const { recovery, clock } = setUp({ deadlineMs: 100, attemptTimeoutMs: 60, fallback: (_, { signal }) => new Promise(resolve => { signal.addEventListener('abort', () => resolve(1)) }) })
    const run = recovery.run(never)
    let settledAt = 0
    void run.finally(() => { settledAt = clock.now() })
    await clock.advance(1_000)
    expect(errorOf(await run)).toMatchObject({ code: 'timeout', details: { attemptTimeoutMs: 60 } })
    expect(settledAt).toBe(100)
  })

  test('the last good value of the key stands in, marked with its age, up to the age that is allowed', async () => {
    const { recovery, clock, events } = setUp({ degrade: { maxAgeMs: 1_000, maxEntries: 2 }, fallback: () => fail('internal', 'no') })
    const get = (key: string | undefined, outcome: unknown) => recovery.run(playing(outcome).operation, key === undefined ? {} : { key })
    const fresh = await get('a', 'bees')
    expect(fresh).not.toHaveProperty('staleMs')
    await clock.advance(1_000)
    const stale = await get('a', unavailable)
    expect(valueOf(stale)).toBe('bees')
    expect(stale.staleMs).toBe(1_000)
    expect(events.at(-1)).toMatchObject({ type: 'recovered', by: 'degrade' })
    expect((await get('b', unavailable)).isErr()).toBe(true)
    expect((await get(undefined, unavailable)).isErr()).toBe(true)
    expect((await get('a', notFound)).isErr()).toBe(true)
    await clock.advance(1)
    expect(errorOf(await get('a', unavailable))).toBe(unavailable)
    await get('b', 'wasps')
    await get('c', 'ants')
    await get('d', 'flies')
    expect((await get('b', unavailable)).isErr()).toBe(true)
    expect(valueOf(await get('d', unavailable))).toBe('flies')
  })

  test('they answer for what a breaker or a bulkhead refuses', async () => {
    const { recovery } = setUp({ breaker: true, degrade: { maxAgeMs: 1_000 } })
    await recovery.run(playing('good').operation, { key: 'k' })
    recovery.breaker()?.open()
    expect(await recovery.run(playing('new').operation, { key: 'k' })).toMatchObject({ value: 'good', staleMs: 0 })
  })
})

test('several recoveries are counted together and told apart', async () => {
  const metrics = createErrorMetrics()
  const [a, b] = ['a', 'b'].map(name => createRecovery({ name, metrics }))
  const heard: string[] = []
  const stop = a!.onEvent(event => heard.push(event.operation))
  await a!.run(playing(unavailable).operation)
  await b!.run(playing(unavailable).operation)
  stop()
  await a!.run(playing(unavailable).operation)
  expect(heard).toEqual(['a', 'a'])
  expect(metrics.snapshot().operations.map(({ operation, lifetime }) => [operation, lifetime.gaveUp])).toEqual([['a', 2], ['b', 1]])
})
