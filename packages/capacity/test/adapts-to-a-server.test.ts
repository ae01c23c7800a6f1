import { createCapacity, type LimitSpec } from '@hivekit/capacity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runServer, type ServerOptions } from './simulated-server.ts'

const soak = Number(process.env['HIVEKIT_SOAK'] ?? 1)

// AIMD hears of overload only by being refused, so its server refuses; the others' server queues without bound.
const algorithms = [
  { algorithm: 'aimd', queueRatio: 0.5 },
  { algorithm: 'vegas', queueRatio: Infinity },
  { algorithm: 'gradient2', queueRatio: Infinity },
] as const

const arbitrary = fc.record({
  workers: fc.integer({ min: 4, max: 48 }),
  serviceMs: fc.integer({ min: 2, max: 200 }),
  overload: fc.double({ min: 2, max: 10, noNaN: true }),
  seed: fc.integer(),
})

const bestFixed = (options: ServerOptions): number =>
  Math.max(
    ...[1, 1.25, 1.5, 2].map(ratio => runServer({ kind: 'concurrency', max: Math.ceil(options.workers * ratio) }, options).goodput),
  )
const unloadedP99 = (options: ServerOptions): number =>
  runServer({ kind: 'concurrency', max: options.workers }, { ...options, overload: 0.2 }).p99Ms

describe.each(algorithms)('$algorithm', ({ algorithm, queueRatio }) => {
  const limit: LimitSpec = { kind: 'adaptive', algorithm }
  const check = (options: ServerOptions): void => {
    const run = runServer(limit, options)
    expect(run.goodput / bestFixed(options)).toBeGreaterThanOrEqual(0.95)
    expect(run.p99Ms / unloadedP99(options)).toBeLessThanOrEqual(2)
  }

  it('does 95 % of what the best fixed limit does, at no more than twice the latency, at 2 to 10 times overload', () => {
    fc.assert(
      fc.property(arbitrary, given => check({ ...given, queueRatio, rounds: 1500, measureFrom: 500 })),
      { numRuns: 3 * soak },
    )
  })

  it('does so again after the server has become twice as slow', () => {
    const drift = (round: number): number => (round < 500 ? 1 : Math.min(2, 1 + (round - 500) / 300))
    fc.assert(
      fc.property(arbitrary, given => check({ ...given, queueRatio, drift, rounds: 2500, measureFrom: 1300 })),
      { numRuns: 3 * soak },
    )
  })

  it('keeps within its bounds, and does not grow on work that leaves it half empty', () => {
    const idle = runServer(
      { kind: 'adaptive', algorithm, initial: 10, min: 5, max: 40 },
      { workers: 100, serviceMs: 20, overload: 0.005, queueRatio, seed: 1, rounds: 500, measureFrom: 100 },
    )
    expect(Math.max(...idle.limits)).toBeLessThanOrEqual(10)
    const busy = runServer(
      { kind: 'adaptive', algorithm, initial: 10, min: 5, max: 40 },
      { workers: 100, serviceMs: 20, overload: 3, queueRatio, seed: 1, rounds: 1500, measureFrom: 1200 },
    )
    expect(Math.max(...busy.limits)).toBeLessThanOrEqual(40)
    expect(Math.max(...busy.limits)).toBeGreaterThan(30)
  })
})

it('would be overrun without a limit: the server that these tests are about punishes it', () => {
  const options = { workers: 16, serviceMs: 20, overload: 3, seed: 1, rounds: 1500, measureFrom: 500 }
  const run = runServer({ kind: 'concurrency', max: 100_000 }, options)
  expect(run.goodput).toBeLessThan(0.5)
})

it('goes by a rule of your own', () => {
  const capacity = createCapacity({
    limits: { model: { kind: 'adaptive', initial: 2, algorithm: { next: (limit, { dropped }) => (dropped ? 1 : limit + 1) } } },
  })
  const permit = capacity.tryAcquire()
  expect(capacity.usage('model')).toMatchObject({ used: 1, max: 2 })
  if (permit.admitted) permit.release()
  expect(capacity.usage('model').max).toBe(3)
  const next = capacity.tryAcquire()
  if (next.admitted) next.release('dropped')
  expect(capacity.usage('model').max).toBe(1)
  const other = capacity.tryAcquire()
  if (other.admitted) other.release('ignored')
  expect(capacity.usage('model').max).toBe(1)
})
