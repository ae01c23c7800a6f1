// What the package's own work costs, beside its peers in the same run. `npm run bench -- errors [--json]`.
import {
  chain, classify, createErrorMetrics, createRecovery, err, errAsync, fail, HiveError, ok, okAsync, Result, ResultAsync, safeTry,
} from '@hivekit/errors'
import { circuitBreaker, ConsecutiveBreaker, ExponentialBackoff, handleAll, retry, timeout, TimeoutStrategy, wrap } from 'cockatiel'
import CircuitBreaker from 'opossum'
import type { BenchRow } from '../../../scripts/bench.ts'
import { leastOf } from './measure.ts'
import { outageRows } from './outage.ts'

const neverOpens = 1e9

const success = async (): Promise<BenchRow[]> => {
  const operation = async () => 1
  const recovery = createRecovery({ name: 'success', deadlineMs: 5_000, attemptTimeoutMs: 1_000, retry: true, breaker: true })
  const policy = wrap(
    retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(1_000, TimeoutStrategy.Cooperative),
  )
  const opossum = new CircuitBreaker(operation, { timeout: 1_000 })
  const [ours, cockatiel, fire] = await leastOf([() => recovery.run(operation), () => policy.execute(operation), () => opossum.fire()], 30_000)
  opossum.shutdown()
  return [row('full pipeline, success; cockatiel wrap(retry, breaker, timeout)', ours!, cockatiel), row('full pipeline, success; opossum fire', ours!, fire)]
}

const refusal = async (): Promise<BenchRow[]> => {
  const operation = async () => 1
  const failing = async () => {
    throw new Error('Down.')
  }
  const recovery = createRecovery({ name: 'refusal', breaker: { openMs: 1e8 } })
  recovery.breaker()!.open()
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 1e8, breaker: new ConsecutiveBreaker(1) })
  await policy.execute(failing).catch(() => {})
  const opossum = new CircuitBreaker(operation, { resetTimeout: 1e8 })
  opossum.open()
  const [ours, cockatiel, fire] = await leastOf([
    () => recovery.run(operation),
    () => policy.execute(operation).catch(() => {}),
    () => opossum.fire().catch(() => {}),
  ], 30_000)
  opossum.shutdown()
  return [row('rejection while open; cockatiel', ours!, cockatiel), row('rejection while open; opossum', ours!, fire)]
}

/** A failure is made anew for each call, as a dependency makes it: returned as a value by ours, thrown for cockatiel, which knows no other. */
const failure = async (): Promise<BenchRow[]> => {
  const recovery = createRecovery({ name: 'failure', breaker: { trip: { type: 'consecutive', failures: neverOpens } } })
  const policy = circuitBreaker(handleAll, { halfOpenAfter: 1_000, breaker: new ConsecutiveBreaker(neverOpens) })
  const returning = async () => fail('unavailable', 'Down.', { stack: 'sampled' })
  const throwing = async () => {
    throw Object.assign(new Error('Down.'), { code: 'ECONNREFUSED' })
  }
  const kept = Object.assign(new Error('Down.'), { code: 'ECONNREFUSED' })
  const rethrowing = async () => {
    throw kept
  }
  const [asValue, thrown, cockatiel, sameThrown, cockatielSame] = await leastOf([
    () => recovery.run(returning),
    () => recovery.run(throwing),
    () => policy.execute(throwing).catch(() => {}),
    () => recovery.run(rethrowing),
    () => policy.execute(rethrowing).catch(() => {}),
  ], 10_000)
  return [
    row('failing call recorded, returned as a value; cockatiel breaker, thrown', asValue!, cockatiel),
    row('failing call recorded, thrown by both', thrown!, cockatiel),
    row('failing call recorded, thrown by both, the same error each time', sameThrown!, cockatielSame),
  ]
}

const classification = async (): Promise<BenchRow[]> => {
  const errors = {
    'a system error': Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    'an error of ours': new HiveError('timeout', 'x'),
    'a PostgreSQL error': Object.assign(new Error('x'), { code: '40001', severity: 'ERROR' }),
    'an SQLite error': Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode: 5 }),
  }
  const costs = await leastOf(Object.values(errors).map(error => () => classify(error)), 1_000_000, { isSync: true, rounds: 5 })
  return Object.keys(errors).map((name, i) => row(`classify ${name}`, costs[i]!))
}

const stages = async (): Promise<BenchRow[]> => {
  const add = async (n: number): Promise<Result<number, HiveError>> => ok(n + 1)
  const addAsync = (n: number) => new ResultAsync<number, HiveError>(add(n))
  const plus = async (n: number) => n + 1
  const [ours, andThen, map, safe] = await leastOf([
    () => chain(0, add, add, add),
    () => addAsync(0).andThen(addAsync).andThen(addAsync),
    () => okAsync<number, HiveError>(0).map(plus).map(plus).map(plus),
    () => safeTry(async function* three() {
      const one = yield* addAsync(0)
      const two = yield* addAsync(one)
      return ok(yield* addAsync(two))
    }),
  ], 20_000)
  const no = new HiveError('not_found', 'x')
  const [oursFailing, neverthrowFailing] = await leastOf([
    () => chain(0, add, () => err(no), add),
    () => okAsync<number, HiveError>(0).andThen(addAsync).andThen(() => errAsync<number, HiveError>(no)).andThen(addAsync),
  ], 30_000)
  return [
    row('three-stage async Result; neverthrow ResultAsync.map', ours!, map),
    row('three-stage async Result; neverthrow ResultAsync.andThen', ours!, andThen),
    row('three-stage async Result; neverthrow safeTry', ours!, safe),
    row('three-stage async Result failing at the second; neverthrow ResultAsync.andThen', oursFailing!, neverthrowFailing),
  ]
}

const counting = async (): Promise<BenchRow[]> => {
  const meter = createErrorMetrics().meter('bench')
  let now = 0
  const events = 1_000
  const countThem = () => {
    for (let i = 0; i < events; i++) meter.count(i & 15, (now += 0.001))
  }
  const [cost] = await leastOf([countThem], 3_000, { isSync: true })
  return [row('an event counted, lifetime and windows', cost! / events)]
}

const row = (name: string, ours: number, peer: number | null = null): BenchRow =>
  ({ case: name, ours: round(ours), peer: peer === null ? null : round(peer), unit: 'ns CPU', ratio: peer === null ? null : round(ours / peer) })

const round = (n: number) => Number(n.toPrecision(3))

export default async (): Promise<BenchRow[]> => {
  const rows: BenchRow[] = []
  for (const measure of [success, refusal, failure, classification, stages, counting]) rows.push(...(await measure()))
  return [...rows, ...(await outageRows())]
}
