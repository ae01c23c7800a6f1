import type { HiveError, Result } from '@hivekit/errors'
import type { Cost } from './admission.ts'
import type { TaskContext } from './task-context.ts'

/** Work to do, as data: a registered handler does it, so it can outlive this process. */
export interface Job {
  /** The name of its handler among `queue.handlers`. */
  readonly name: string
  /** What the handler is given; it must survive `JSON.stringify`. Default `null`. */
  readonly payload?: unknown
}

/**
 * Does the jobs of one name. It may be given the same job again: after a failure that is worth another try, and after a crash
 * if the process died before the end was written down. So it should be idempotent.
 */
export type JobHandler = (payload: unknown, context: TaskContext) => unknown

/** A job on its way through the queue: a class, so that it can be told from a function and from a running task. */
export class QueuedJob {
  readonly name: string
  readonly payload: string
  readonly key: string
  readonly cost: Cost
  readonly submittedMs: number
  readonly deadlineAtMs: number | null
  priority: number
  /** How often it was started. */
  attempts = 0
  /** Its id in the store; `undefined` while it is only in memory. */
  id: string | undefined = undefined
  /** Whether the store has it and it is not in memory. */
  shelved = false
  /** Whether it was taken off the shelf and waits in memory. */
  leased = false
  /** Settles when it is known whether the store took it. */
  written: Promise<Result<unknown, HiveError>> | undefined = undefined

  constructor(job: Pick<QueuedJob, 'name' | 'payload' | 'key' | 'cost' | 'submittedMs' | 'deadlineAtMs' | 'priority'>) {
    this.name = job.name
    this.payload = job.payload
    this.key = job.key
    this.cost = job.cost
    this.submittedMs = job.submittedMs
    this.deadlineAtMs = job.deadlineAtMs
    this.priority = job.priority
  }
}
