import type { Cost } from './admission.ts'
import type { QueuedSubmission } from './submission.ts'
import type { TaskContext } from './task-context.ts'

/**
 * A task that has its permits, and the context it is given. A class, as an object literal with a getter costs a fifth of the whole
 * dispatch; the signal is made when it is asked for, since most tasks never do and it costs microseconds.
 */
export class RunningTask implements TaskContext {
  readonly key: string
  readonly attempt: number
  readonly submission: QueuedSubmission
  /** What is done: the submission refers to this task meanwhile. */
  readonly work: unknown
  readonly cost: Cost
  readonly startMs: number
  #controller: AbortController | undefined = undefined
  #aborted: { readonly reason: unknown } | undefined = undefined

  constructor(submission: QueuedSubmission, key: string, cost: Cost, startMs: number, attempt: number) {
    this.key = key
    this.attempt = attempt
    this.submission = submission
    this.work = submission.work
    this.cost = cost
    this.startMs = startMs
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}
