import type { HiveError } from '@hivekit/errors'
import { systemClock, type Clock } from './clock.ts'
import { createEmitter } from './emitter.ts'
import type { HealthModel } from './health-model.ts'
import type { HealthScore } from './health-score.ts'
import type { HealthSource } from './health-source.ts'
import { createHistory, type History } from './history.ts'
import type { HistoryStore } from './history-store.ts'
import { scoreHealth } from './score-health.ts'
import { createSourceReader, type SourceSnapshot } from './source-reader.ts'

/** What {@link createHealthMonitor} takes. */
export interface HealthMonitorOptions {
  /** What to score by. */
  readonly model: HealthModel
  /** What to ask. Their names must differ. */
  readonly sources: readonly HealthSource[]
  /** How often to ask, in milliseconds, above 0. A round that takes longer delays the next. Default 5,000. */
  readonly intervalMs?: number
  /** How many scores to remember. Default 1,440. */
  readonly historyPoints?: number
  /** Where the history outlives the process. Default: nowhere. */
  readonly store?: HistoryStore
  /** How often to save the history, in milliseconds, above 0: what a crash can lose of it. Default 60,000. */
  readonly saveEveryMs?: number
  /** Where time comes from. Default {@link systemClock}. */
  readonly clock?: Clock
}

/** What a monitor tells its listeners. */
export type HealthMonitorEvent =
  | { readonly type: 'scored'; readonly score: HealthScore }
  | { readonly type: 'source-failed'; readonly source: string; readonly error: HiveError }
  | { readonly type: 'source-recovered'; readonly source: string }
  | { readonly type: 'history-failed'; readonly error: HiveError }

/** What a monitor is doing. */
export interface HealthMonitorSnapshot {
  /** Whether it asks by itself. */
  readonly running: boolean
  /** How many rounds it has finished. */
  readonly rounds: number
  /** Every source. */
  readonly sources: readonly SourceSnapshot[]
  /** How many scores are remembered. */
  readonly historyPoints: number
  /** The memory of the history, in bytes; fixed. */
  readonly historyBytes: number
  /** Why the history could last not be read or saved; null if all is well. */
  readonly historyError: HiveError | null
}

/** Asks sources over and over, and scores what they say. Closing it stops the timer, saves the history and closes the sources. */
export interface HealthMonitor extends AsyncDisposable {
  /** Restores the history, if there is a store, asks once, and goes on every `intervalMs`. Never rejects. */
  start(): Promise<void>
  /**
   * Asks every source once and scores. While a round is under way, gives that one. Never rejects: a source that fails
   * or is late keeps its old readings until they are stale.
   */
  poll(options?: { readonly signal?: AbortSignal }): Promise<HealthScore>
  /** The score of what is held now, freshly computed, so that old readings go stale even if nothing asks any more. */
  score(): HealthScore
  /** The last scores. */
  readonly history: History
  /** What it is doing. */
  snapshot(): HealthMonitorSnapshot
  /** Listens; the returned function stops that. */
  onEvent(listener: (event: HealthMonitorEvent) => void): () => void
}

/**
 * Makes a monitor. Nothing is asked before `start` or `poll`.
 *
 * Memory: per source at most 10,000 readings; the history is a ring of fixed size.
 *
 * @throws RangeError if an interval is not above 0; TypeError if two sources have one name.
 *
 * @example
 * ```ts
 * import { createHealthMonitor, processSource, responsivenessModel } from '@hivekit/health-score'
 *
 * await using monitor = createHealthMonitor({
 *   model: responsivenessModel(),
 *   sources: [processSource(), { name: 'bots', read: () => [{ signal: 'readyRatio', value: 1 }] }],
 * })
 * const { score, confidence } = await monitor.poll()
 * ```
 */
export const createHealthMonitor = (options: HealthMonitorOptions): HealthMonitor => {
  const { model, sources, intervalMs = 5_000, historyPoints = 1_440, store, saveEveryMs = 60_000, clock = systemClock } = options
  for (const [name, value] of Object.entries({ intervalMs, saveEveryMs })) {
    if (!(value > 0)) throw new RangeError(`Expected ${name} above 0, got ${value}.`)
  }
  const twice = sources.find((source, i) => sources.some((other, j) => j < i && other.name === source.name))
  if (twice) throw new TypeError(`Expected every source to have a name of its own, got "${twice.name}" twice.`)

  const history = createHistory({ model, capacity: historyPoints })
  const readers = sources.map(source => createSourceReader(source, clock))
  const events = createEmitter<HealthMonitorEvent>()
  const closing = new AbortController()
  let underWay: Promise<HealthScore> | undefined
  let cancelTimer = () => {}
  let running = false
  let rounds = 0
  let savedAt = clock.now()
  let historyError: HiveError | null = null

  const score = () => scoreHealth(readers.flatMap(reader => reader.readings()), model, { now: clock.now() })

  const round = async (signal: AbortSignal) => {
    await Promise.all(readers.map(async reader => {
      const { name: source, error: before } = reader.snapshot()
      const error = await reader.read(signal)
      if (error && error.code !== 'cancelled') events.emit({ type: 'source-failed', source, error })
      else if (!error && before) events.emit({ type: 'source-recovered', source })
    }))
    const scored = score()
    if (!signal.aborted) {
      rounds++
      history.push(scored)
      events.emit({ type: 'scored', score: scored })
      if (clock.now() - savedAt >= saveEveryMs) await save()
    }
    return scored
  }

  const poll = ({ signal }: { readonly signal?: AbortSignal } = {}) => {
    underWay ??= round(signal ? AbortSignal.any([signal, closing.signal]) : closing.signal).finally(() => (underWay = undefined))
    return underWay
  }

  const report = (error: HiveError | null) => {
    historyError = error
    if (error) events.emit({ type: 'history-failed', error })
  }

  const save = async () => {
    savedAt = clock.now()
    if (store) report((await store.save(history.toBytes())).match(() => null, error => error))
  }

  const tick = async () => {
    const startedAt = clock.now()
    await poll()
    if (running) cancelTimer = clock.after(Math.max(0, startedAt + intervalMs - clock.now()), () => void tick())
  }

  return {
    start: async () => {
      if (running || closing.signal.aborted) return
      running = true
      if (store) report((await store.load()).andThen(bytes => history.restore(bytes ?? history.toBytes())).match(() => null, error => error))
      await tick()
    },
    poll,
    score,
    history,
    snapshot: () => ({
      running,
      rounds,
      sources: readers.map(reader => reader.snapshot()),
      historyPoints: history.size,
      historyBytes: history.bytes,
      historyError,
    }),
    onEvent: events.on,
    [Symbol.asyncDispose]: async () => {
      if (closing.signal.aborted) return
      running = false
      cancelTimer()
      closing.abort()
      await underWay
      if (rounds > 0) await save()
      await Promise.allSettled(sources.map(async source => source[Symbol.asyncDispose]?.()))
    },
  }
}
