/** What a running task is given. */
export interface TaskContext {
  /** Aborts when the work is cancelled or its deadline passes. A task that ignores it keeps its permit until it ends. */
  readonly signal: AbortSignal
  /** Which attempt this is, from 1. Above 1 only for durable jobs. */
  readonly attempt: number
  /** The key it was submitted with. */
  readonly key: string
}
