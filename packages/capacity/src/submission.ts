import { ok, type HiveError, type Result } from '@hivekit/errors'

/** Where a piece of work is in its life. */
export type SubmissionState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'rejected'

/** What a caller learns when its work is in. */
export interface Admittance {
  /** How much work starts before it, if nothing changes. 0 is next. */
  readonly position: number
  /** How long until it starts, in milliseconds, judged by how fast work has been starting; 0 while nothing is known. */
  readonly expectedWaitMs: number
}

/** Work handed in. Neither promise ever rejects, so neither has to be awaited. */
export interface Submission<T> {
  /** Settles as soon as it is known whether the work is in: `capacity_exceeded` with `retryAfterMs`, `timeout`, `too_large`, `unavailable`. */
  readonly admitted: Promise<Result<Admittance, HiveError>>
  /** Settles when the work has ended: its value, its own failure, `cancelled`, `timeout`, or what `admitted` answered. */
  readonly done: Promise<Result<T, HiveError>>
  /** Where it is now. */
  readonly state: SubmissionState
  /**
   * How much work starts before it now, 0 for next; `undefined` once it has started. O(n log n) after the queue changed, then O(1).
   * For a job that waits in the store it is a bound from above. */
  readonly position: number | undefined
  /** How long until it starts, in milliseconds; 0 once it has started. Costs what `position` does. */
  readonly expectedWaitMs: number
  /** Takes it out of the queue, O(log n), or aborts the signal of the running task. Answers whether it was queued or running. */
  cancel(reason?: string): boolean
  /** Moves it in the queue, O(log n). Answers whether it was still queued. */
  reprioritise(priority: number): boolean
}

/** What a submission asks of the queue that made it. */
export interface SubmissionOwner {
  position(submission: QueuedSubmission): number
  expectedWaitMs(submission: QueuedSubmission): number
  /** Settles when the work has been written down, if it is being written down. */
  written(submission: QueuedSubmission): Promise<Result<unknown, HiveError>> | undefined
  cancel(submission: QueuedSubmission, reason: string | undefined): boolean
  reprioritise(submission: QueuedSubmission, priority: number): boolean
}

type Settled = Result<unknown, HiveError>

/** A promise that somebody asked for before its answer was known. */
class Waiter {
  readonly promise: Promise<Settled>
  declare readonly resolve: (result: Settled) => void
  constructor() {
    this.promise = new Promise(resolve => {
      ;(this as { resolve: (result: Settled) => void }).resolve = resolve
    })
  }
}

/**
 * The one object that a waiting task costs, hence a class in a house of factories: closures would cost five times as much.
 * Promises are made when they are asked for. Measured in `bench/`; see docs/adr/capacity-memory-per-task.md.
 */
export class QueuedSubmission implements Submission<unknown> {
  readonly owner: SubmissionOwner
  /** The work; dropped when it has ended. */
  work: unknown
  /** Its place in the backlog, −1 when it is not there. */
  slot = -1
  state: SubmissionState = 'queued'
  #end: Settled | Waiter | undefined = undefined

  constructor(owner: SubmissionOwner, work: unknown) {
    this.owner = owner
    this.work = work
  }

  get admitted(): Promise<Result<Admittance, HiveError>> {
    if (this.state === 'rejected') return this.done as Promise<Result<Admittance, HiveError>>
    return this.owner.written(this)?.then(result => result.map(() => this.#admittance())) ?? Promise.resolve(ok(this.#admittance()))
  }

  get done(): Promise<Settled> {
    if (this.#end === undefined) this.#end = new Waiter()
    return this.#end instanceof Waiter ? this.#end.promise : Promise.resolve(this.#end)
  }

  get position(): number | undefined {
    return this.state === 'queued' ? this.owner.position(this) : undefined
  }

  get expectedWaitMs(): number {
    return this.state === 'queued' ? this.owner.expectedWaitMs(this) : 0
  }

  #admittance(): Admittance {
    return { position: this.position ?? 0, expectedWaitMs: this.expectedWaitMs }
  }

  cancel(reason?: string): boolean {
    return this.owner.cancel(this, reason)
  }

  reprioritise(priority: number): boolean {
    return this.owner.reprioritise(this, priority)
  }

  /** Ends it, once. */
  settle(state: SubmissionState, result: Settled): void {
    this.state = state
    this.work = undefined
    const end = this.#end
    if (end instanceof Waiter) end.resolve(result)
    this.#end = result
  }
}
