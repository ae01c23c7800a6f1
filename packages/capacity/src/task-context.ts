/** What a running task is given. */
export interface TaskContext {
  /** Aborts when the work is cancelled or its deadline passes. A task that ignores it keeps its permit until it ends. */
  readonly signal: AbortSignal
  /** Which attempt this is, from 1. Above 1 only for durable jobs. */
  readonly attempt: number
  /** The key it was submitted with. */
  readonly key: string
}

/** A running task's context; the signal is made when it is asked for, since most tasks never do and it costs microseconds. */
export interface RunningContext extends TaskContext {
  abort(reason: unknown): void
}

export const createTaskContext = (key: string, attempt: number): RunningContext => {
  let controller: AbortController | undefined
  let aborted: { readonly reason: unknown } | undefined
  return {
    key,
    attempt,
    get signal() {
      if (!controller) {
        controller = new AbortController()
        if (aborted) controller.abort(aborted.reason)
      }
      return controller.signal
    },
    abort: reason => {
      aborted ??= { reason }
      controller?.abort(reason)
    },
  }
}
