import { createErrorMetrics, createRecovery, HiveError, type ErrorEvent, type MetricSource } from '@hivekit/errors'
import { describe, expect, test } from 'vitest'
import { createVirtualClock } from './virtual-clock.ts'

const setUp = (options: { readonly maxOperations?: number; readonly windowsMs?: readonly number[] } = {}) => {
  const clock = createVirtualClock()
  const metrics = createErrorMetrics({ clock, ...options })
  const recovery = createRecovery({ name: 'search', clock, metrics, retry: { maxAttempts: 2, baseMs: 40, jitter: 'none' } })
  const counts = () => metrics.snapshot().operations[0]!
  return { clock, metrics, recovery, counts }
}

const down = new HiveError('unavailable', 'x')

test('attempts, failures by code and kind, and each end of a run are counted', async () => {
  const { clock, recovery, counts } = setUp()
  const run = async (...outcomes: readonly unknown[]) => {
    const running = recovery.run(async ({ number }) => {
      const outcome = outcomes[number - 1]
      if (outcome instanceof Error) throw outcome
      return outcome
    })
    await clock.advance(100)
    await running
  }
  await run('good')
  await run(down, 'good')
  await run(down, down)
  await run(new HiveError('not_found', 'x'))
  await recovery.run(() => 1, { signal: AbortSignal.abort() })
  expect(counts().lifetime).toEqual({
    runs: 5, attempts: 6, succeeded: 1, recoveredByRetry: 1, recoveredByHedge: 0, recoveredByFallback: 0, recoveredByDegrade: 0, gaveUp: 1, failed: 1,
    cancelled: 1, refusedByBreaker: 0, refusedByBulkhead: 0, budgetExhausted: 0, breakerOpened: 0, breakerHalfOpened: 0, breakerClosed: 0,
    failuresByCode: { unavailable: 3, not_found: 1 }, failuresByKind: { transient: 3, permanent: 1 }, recoveryRate: 0.5,
  })
  expect(counts().recoveryTimes).toMatchObject({ count: 1, sumMs: 40 })
  expect(counts().recoveryTimes.buckets.map(({ leMs, count }) => `${leMs}:${count}`).join(' '))
    .toBe('1:0 2:0 4:0 8:0 16:0 32:0 64:1 128:1 256:1 512:1 1024:1 2048:1 4096:1 8192:1 16384:1 32768:1 65536:1 null:1')
  expect(JSON.parse(JSON.stringify(counts()))).toEqual(counts())
})

describe('sliding windows', () => {
  test('forget what is older than they are long, to a slice', async () => {
    const { clock, metrics, counts } = setUp({ windowsMs: [10_000, 60_000, 600_000] })
    const windows = () => Object.values(counts().windows).map(({ failuresByCode }) => failuresByCode.unavailable ?? 0)
    metrics.record('search', down)
    expect(windows()).toEqual([1, 1, 1])
    await clock.advance(9_999)
    metrics.record('search', down)
    expect(windows()).toEqual([2, 2, 2])
    await clock.advance(1)
    expect(windows()).toEqual([1, 2, 2])
    await clock.advance(49_999)
    expect(windows()).toEqual([0, 2, 2])
    await clock.advance(10_000)
    expect(windows()).toEqual([0, 0, 2])
    await clock.advance(600_000)
    expect(windows()).toEqual([0, 0, 0])
    metrics.record('search', down)
    expect(windows()).toEqual([1, 1, 1])
    expect(counts().lifetime.failuresByCode).toEqual({ unavailable: 3 })
  })

  test('after a long silence hold nothing of a turn of the ring before', async () => {
    const { clock, metrics, counts } = setUp({ windowsMs: [600_000] })
    metrics.record('search', down)
    await clock.advance(600_000 + 4_999)
    metrics.record('search', down)
    expect(counts().windows[600_000]?.failuresByCode).toEqual({ unavailable: 1 })
  })

  test('are between a slice and the whole ring', () => {
    expect(() => createErrorMetrics({ windowsMs: [4_999] })).toThrow('Expected windowsMs to be a number from 5000 to 600000; got 4999.')
    expect(() => createErrorMetrics({ windowsMs: [600_001] })).toThrow(RangeError)
    expect(() => createErrorMetrics({ maxOperations: 0 })).toThrow(RangeError)
  })
})

test('more operations than allowed are counted together', () => {
  const { metrics } = setUp({ maxOperations: 3 })
  for (let i = 0; i < 1_000; i++) metrics.record(`operation ${i}`, down)
  expect(metrics.snapshot().operations.map(({ operation, lifetime }) => [operation, lifetime.failuresByCode.unavailable ?? 0]))
    .toEqual([['search', 0], ['operation 0', 1], ['operation 1', 1], ['other', 998]])
})

test('events tell what happened when, to those who listen', async () => {
  const { clock, metrics, recovery } = setUp()
  const events: ErrorEvent[] = []
  const stop = metrics.onEvent(event => events.push(event))
  const run = recovery.run(({ number }) => {
    if (number === 1) throw down
    return 1
  })
  await clock.advance(40)
  await run
  metrics.record('elsewhere', down)
  stop()
  metrics.record('elsewhere', down)
  expect(events).toEqual([
    { type: 'failed', operation: 'search', at: 0, code: 'unavailable', kind: 'transient', attempt: 1 },
    { type: 'retrying', operation: 'search', at: 0, attempt: 2, delayMs: 40 },
    { type: 'recovered', operation: 'search', at: 40, by: 'retry', attempts: 2, afterMs: 40 },
    { type: 'failed', operation: 'elsewhere', at: 40, code: 'unavailable', kind: 'transient', attempt: 1 },
  ])
})

test('as a metric source they are families of counters and one histogram', async () => {
  const { clock, metrics, recovery } = setUp()
  const run = recovery.run(({ number }) => {
    if (number === 1) throw down
    return 1
  })
  await clock.advance(40)
  await run
  const source: MetricSource = metrics
  const families = [...source.collect()]
  const sample = (name: string, labels: Record<string, string>, suffix = '_total') =>
    families.find(family => family.name === name)?.samples.find(one => one.suffix === suffix && JSON.stringify(one.labels) === JSON.stringify({ operation: 'search', ...labels }))?.value
  expect(sample('hivekit_errors_attempts', {})).toBe(2)
  expect(sample('hivekit_errors_runs', { outcome: 'recovered_by_retry' })).toBe(1)
  expect(sample('hivekit_errors_runs', { outcome: 'gave_up' })).toBe(0)
  expect(sample('hivekit_errors_failures', { code: 'unavailable' })).toBe(1)
  expect(sample('hivekit_errors_failures_by_kind', { kind: 'transient' })).toBe(1)
  expect(sample('hivekit_errors_refused', { by: 'breaker' })).toBe(0)
  expect(sample('hivekit_errors_breaker_transitions', { to: 'open' })).toBe(0)
  expect(sample('hivekit_errors_time_to_recover_seconds', { le: '0.032' }, '_bucket')).toBe(0)
  expect(sample('hivekit_errors_time_to_recover_seconds', { le: '0.064' }, '_bucket')).toBe(1)
  expect(sample('hivekit_errors_time_to_recover_seconds', { le: '+Inf' }, '_bucket')).toBe(1)
  expect(sample('hivekit_errors_time_to_recover_seconds', {}, '_sum')).toBe(0.04)
  expect(sample('hivekit_errors_time_to_recover_seconds', {}, '_count')).toBe(1)
  for (const { name, help, type } of families) expect([/^hivekit_errors_[a-z_]+$/.test(name), help.endsWith('.'), ['counter', 'histogram'].includes(type)]).toEqual([true, true, true])
})
