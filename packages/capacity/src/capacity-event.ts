import type { HiveError } from '@hivekit/errors'

/** Something that happened, for a stream of them. */
export interface CapacityEvent {
  /** What happened to a piece of work; or `limit` when a limit was changed; or `store` when the job store failed. */
  readonly type: 'queued' | 'started' | 'retrying' | 'done' | 'failed' | 'cancelled' | 'rejected' | 'limit' | 'store'
  /** Whose work it was. */
  readonly key?: string
  /** The name of the limit that was changed. */
  readonly limit?: string
  /** Why, for `retrying`, `failed`, `cancelled`, `rejected` and `store`. */
  readonly error?: HiveError
}

/** Tells the listeners; `heard` says whether there are any, so that no event is made for nobody. */
export interface Emit {
  (event: CapacityEvent): void
  heard: boolean
}
