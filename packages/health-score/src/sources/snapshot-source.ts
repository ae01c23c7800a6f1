import type { HealthSource } from '../health-source.ts'

/** What {@link snapshotSource} takes. */
export interface SnapshotSourceOptions<T> {
  /** The source's name. */
  readonly name: string
  /** Takes the snapshot, once a read. */
  readonly snapshot: () => T | Promise<T>
  /** Picks the value of each signal from it; undefined where it says nothing of it. */
  readonly signals: Readonly<Record<string, (snapshot: T) => number | undefined>>
}

/**
 * Reads signals out of a `snapshot()`, such as every hivekit package has.
 *
 * @example
 * ```ts
 * import { snapshotSource } from '@hivekit/health-score'
 *
 * const queue = { snapshot: () => ({ queued: 12, oldestMs: 800 }) }
 * const source = snapshotSource({ name: 'queue', snapshot: queue.snapshot, signals: { queueWaitMs: s => s.oldestMs } })
 * ```
 */
export const snapshotSource = <T>({ name, snapshot, signals }: SnapshotSourceOptions<T>): HealthSource => ({
  name,
  read: async () => {
    const taken = await snapshot()
    return Object.entries(signals).flatMap(([signal, pick]) => {
      const value = pick(taken)
      return value === undefined ? [] : [{ signal, value }]
    })
  },
})
