import { createCapacity, type LimitSpec } from '@hivekit/capacity'

/** A server with workers, a queue of its own, and a cost to being overrun. */
export interface ServerOptions {
  readonly workers: number
  readonly serviceMs: number
  /** Arrivals as a multiple of what the workers can do. */
  readonly overload: number
  /** Refuses what would make its queue longer than this share of its workers. Default never. */
  readonly queueRatio?: number
  /** Scales the service time at a moment. Default 1. */
  readonly drift?: (ms: number) => number
  readonly seed: number
  /** How long it runs and from when on it is measured, in service times. */
  readonly rounds: number
  readonly measureFrom: number
}

export interface ServerRun {
  /** Share of what the workers could have done. */
  readonly goodput: number
  readonly p99Ms: number
  readonly refused: number
  /** The limit at each tenth of the measured time. */
  readonly limits: readonly number[]
}

/** Mulberry32: the same seed gives the same run. */
const createRandom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Runs a server behind one limit, in simulated time. */
export const runServer = (limit: LimitSpec, options: ServerOptions): ServerRun => {
  const { workers, serviceMs, overload, queueRatio = Infinity, drift = () => 1, rounds, measureFrom } = options
  const random = createRandom(options.seed)
  const startMs = 1_000_000
  let nowMs = startMs
  const capacity = createCapacity({ limits: { limit }, clock: { now: () => nowMs, after: () => () => {} } })
  const endMs = startMs + rounds * serviceMs
  const measureMs = startMs + measureFrom * serviceMs

  type Permit = { release(outcome?: 'ok' | 'dropped' | 'ignored'): void }
  const queue: { permit: Permit; startMs: number }[] = []
  let queueAt = 0
  // Completions in a heap by time.
  const busy: { atMs: number; startMs: number; permit: Permit }[] = []
  const push = (job: (typeof busy)[number]): void => {
    let at = busy.push(job) - 1
    while (at > 0 && busy[(at - 1) >> 1]!.atMs > job.atMs) {
      busy[at] = busy[(at - 1) >> 1]!
      at = (at - 1) >> 1
    }
    busy[at] = job
  }
  const pop = (): (typeof busy)[number] => {
    const top = busy[0]!
    const last = busy.pop()!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= busy.length) break
      if (child + 1 < busy.length && busy[child + 1]!.atMs < busy[child]!.atMs) child++
      if (busy[child]!.atMs >= last.atMs) break
      busy[at] = busy[child]!
      at = child
    }
    if (busy.length > 0) busy[at] = last
    return top
  }
  const waiting = (): number => queue.length - queueAt
  const work = (permit: Permit, arrivedMs: number): void => {
    // Being overrun costs: thrashing, context switches, retries.
    const crowd = 1 + 0.02 * Math.max(0, waiting() - workers)
    const tookMs = serviceMs * drift((nowMs - startMs) / serviceMs) * crowd * (0.8 + 0.4 * random())
    push({ atMs: nowMs + tookMs, startMs: arrivedMs, permit })
  }

  let done = 0
  let refused = 0
  let capacityMs = 0
  let couldBe = 0
  const latencies: number[] = []
  const limits: number[] = []
  let arrivalMs = startMs
  while (nowMs < endMs) {
    if (busy.length > 0 && busy[0]!.atMs <= arrivalMs) {
      const job = pop()
      nowMs = job.atMs
      job.permit.release('ok')
      if (nowMs >= measureMs) {
        done++
        latencies.push(nowMs - job.startMs)
      }
      if (waiting() > 0) {
        const next = queue[queueAt++]!
        work(next.permit, next.startMs)
        if (queueAt > 1000) {
          queue.splice(0, queueAt)
          queueAt = 0
        }
      }
      continue
    }
    nowMs = arrivalMs
    arrivalMs += (-Math.log(1 - random()) * serviceMs * drift((nowMs - startMs) / serviceMs)) / (workers * overload)
    if (nowMs >= measureMs && limits.length < 10 && nowMs >= measureMs + (limits.length * (endMs - measureMs)) / 10) {
      limits.push(capacity.usage('limit').max)
    }
    if (nowMs >= measureMs) {
      couldBe += (nowMs - Math.max(capacityMs, measureMs)) / (serviceMs * drift((nowMs - startMs) / serviceMs))
      capacityMs = nowMs
    }
    const permit = capacity.tryAcquire()
    if (!permit.admitted) {
      refused++
      continue
    }
    if (busy.length < workers) work(permit, nowMs)
    else if (waiting() < workers * queueRatio) queue.push({ permit, startMs: nowMs })
    else permit.release('dropped')
  }
  latencies.sort((a, b) => a - b)
  return {
    goodput: done / (couldBe * workers),
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    refused,
    limits,
  }
}
