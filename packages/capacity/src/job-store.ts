import type { HiveError, Result } from '@hivekit/errors'

/** A job as it is written down. */
export interface NewJob {
  /** Which handler does it. */
  readonly name: string
  /** What the handler is given, as JSON. */
  readonly payload: string
  /** Who it is for. */
  readonly key: string
  /** Higher starts sooner. */
  readonly priority: number
  /** The order: lower starts sooner. It follows from priority, arrival and fair share. */
  readonly score: number
  /** What it takes of the limits, as JSON. */
  readonly cost: string
  /** When it was handed in, in epoch milliseconds. */
  readonly submittedMs: number
  /** When it must have ended, in epoch milliseconds; `null` for never. */
  readonly deadlineAtMs: number | null
  /** Not to be started before, in epoch milliseconds. 0 for at once. */
  readonly dueMs: number
  /** How often it was started before. */
  readonly attempts: number
}

/** A job that was written down. */
export interface StoredJob extends NewJob {
  /** Names it in its store. */
  readonly id: string
}

/** A job that kept failing. */
export interface DeadJob extends StoredJob {
  /** What it failed with last, as `toErrorJson` writes it. */
  readonly error: string
  /** When it was given up, in epoch milliseconds. */
  readonly diedMs: number
}

/** How a job that was leased, or that waits, leaves its state. */
export interface JobEnding {
  /** What becomes of it: forgotten as done or cancelled, kept among the dead, or put back to wait. */
  readonly type: 'done' | 'cancelled' | 'dead' | 'retry'
  /** For `dead`: what it failed with, as `toErrorJson` writes it. */
  readonly error?: string
  /** For `dead`: when it was given up; for `retry`: when it is due; in epoch milliseconds. */
  readonly atMs?: number
}

/** How many jobs there are, now and ever. Each of `put` is in exactly one of the others. */
export interface JobCounts {
  /** Ever written down; replays of dead jobs count again. */
  readonly put: number
  /** Waiting, those not due yet included. */
  readonly waiting: number
  /** Leased. */
  readonly leased: number
  /** Ever done. */
  readonly done: number
  /** Ever cancelled. */
  readonly cancelled: number
  /** Ever given up, whether or not they still lie among the dead. */
  readonly dead: number
}

/** Jobs that did not make it, to be read and given another chance. */
export interface DeadLetters {
  /** The newest first, at most `limit` of them (default 100), older than the one with the id `before`. */
  list(options?: { readonly limit?: number; readonly before?: string }): Promise<readonly DeadJob[]>
  /** Puts a job back among those that wait, its attempts forgotten. Answers whether it was there. */
  replay(id: string): Promise<boolean>
  /** Forgets a job for good. Answers whether it was there. */
  remove(id: string): Promise<boolean>
}

/**
 * Where jobs outlive the process. What a promise here resolves for has been made durable. The contract suite in `test/` says the rest;
 * it runs against every store.
 */
export interface JobStore extends AsyncDisposable {
  /** Writes a job down and answers its id: or `capacity_exceeded` when the store is full, `storage_full` or `unavailable` when it cannot write. */
  put(job: NewJob): Promise<Result<string, HiveError>>
  /** Takes up to `max` jobs that are due, lowest score first, then oldest. They are nobody else's until they end or this process dies. */
  lease(max: number, nowMs: number): Promise<readonly StoredJob[]>
  /** Counts an attempt of a leased job, before it starts: a job that kills its process is found out by it. */
  started(id: string): Promise<void>
  /** Ends a leased job, or cancels a waiting one. Ending what is gone does nothing. */
  end(id: string, ending: JobEnding): Promise<void>
  /** Gives a leased job back untouched. */
  giveBack(id: string): Promise<void>
  /** Moves a waiting job. */
  reprioritise(id: string, priority: number, score: number): Promise<void>
  /** Counts. */
  counts(): Promise<JobCounts>
  /** The dead. */
  readonly dead: DeadLetters
}
