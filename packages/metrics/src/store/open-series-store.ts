import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { Labels } from '../metric-family.ts'
import { parseSelector } from '../query/selector.ts'
import { checkQuery, momentsOf } from '../query/series-query.ts'
import { createAppender } from './appender.ts'
import { createBlockReader, listBlocks } from './blocks.ts'
import { lockForWriting, openForReading, openForWriting, sqliteFailure, tiers } from './database.ts'
import { evaluate } from './evaluate.ts'
import { readHead } from './head.ts'
import { createMaintenance } from './maintenance.ts'
import { createReadConnections } from './read-connections.ts'
import { readChunk } from './read-chunk.ts'
import { completeRetention, type StoreRetention } from './retention.ts'
import { createSeriesIndex, type SeriesIndex } from './series-index.ts'
import type { MetricHistory } from './series-store.ts'
import { snapshotOf, type StoreSnapshot } from './store-snapshot.ts'
import type { StoreProblem, StoreState } from './store-state.ts'
import { verifyStore, type StoreVerification } from './verify.ts'
import type { StoreView } from './store-reader.ts'

/** Options of {@link openSeriesStore}. */
export interface SeriesStoreOptions {
  /** The file. It is made when it is missing; its folder must be there. SQLite keeps `-wal` and `-shm` beside it, and we `.lock`. */
  readonly path: string
  /** How long what is kept. */
  readonly retention?: StoreRetention
  /** Opens for reading only, beside a writer in this or another process. Default false. */
  readonly readOnly?: boolean
  /** Scrapes that wait in the head before they are sealed into a block, 10 or more. Default 360: an hour at 10 s. */
  readonly sealEvery?: number
  /** Bytes that wait in the head, and in memory, at most. Default 16 MiB. */
  readonly headMaxBytes?: number
  /**
   * `process`: an acknowledged scrape survives the end of this process, however it ends; the last ones may be lost with the
   * machine's power. `power`: they survive that too, at the price of one fsync a scrape. Default `process`.
   */
  readonly durability?: 'process' | 'power'
  /** Whether sealing, compaction, rollups and retention happen by themselves, in slices of some milliseconds, after appends. Default true. */
  readonly autoMaintain?: boolean
  /** Epoch milliseconds, for appends that do not say their time. Default `Date.now`. */
  readonly clock?: () => number
  /** Called for each part of the file that cannot be read. */
  readonly onProblem?: (problem: StoreProblem) => void
}

/** History in one file: a time-series store inside this process. */
export interface SeriesStore extends MetricHistory {
  /** Seals, compacts, rolls up and lets go of what is due, now; with `seal` also what is not due. Resolves when it is done. */
  maintain(options?: { readonly seal?: boolean }): Promise<Result<void, HiveError>>
  /** Reads every checksum of the file. */
  verify(options?: { readonly signal?: AbortSignal }): Promise<Result<StoreVerification, HiveError>>
  /** The values that a label has, sorted; those of matching series with a selector. */
  labelValues(label: string, match?: string): Result<readonly string[], HiveError>
  /** What is kept now: sizes, spans, counts. Cheap. */
  snapshot(): StoreSnapshot
  /** The file. */
  readonly path: string
}

/**
 * Opens a file of history, as its one writer or as one of any number of readers.
 *
 * Fails with `conflict` when another writer has it, `not_found` for a reader without a file, `data_corrupt` when the file is no store.
 *
 * @example
 * ```ts
 * import { createRegistry, openSeriesStore } from '@hivekit/metrics'
 *
 * const registry = createRegistry()
 * const depth = registry.gauge({ name: 'queue_length', help: 'Waiting tasks.', unit: '1' })
 * const opened = await openSeriesStore({ path: './metrics.db' })
 * if (opened.isErr()) throw opened.error
 * await using store = opened.value
 * for (let at = 0; at <= 60_000; at += 10_000) {
 *   depth.set(at / 10_000)
 *   await store.append(registry.collect(), { at })
 * }
 * const answer = await store.query({ match: 'queue_length', fn: 'max', from: 60_000, to: 60_000, stepMs: 60_000 })
 * answer.isOk() && answer.value.series[0].values[0] // 6
 * ```
 */
export const openSeriesStore = async (options: SeriesStoreOptions): Promise<Result<SeriesStore, HiveError>> => {
  const { readOnly = false, sealEvery = 360, headMaxBytes = 16 * 1_048_576 } = options
  if (!Number.isInteger(sealEvery) || sealEvery < 10) throw new RangeError(`Expected a whole sealEvery from 10; got ${sealEvery}.`)
  if (!(headMaxBytes >= 65_536)) throw new RangeError(`Expected headMaxBytes from 65536; got ${headMaxBytes}.`)
  const path = resolve(options.path)
  if (readOnly && !existsSync(path)) return fail('not_found', `There is no store at ${path}.`)
  try {
    return ok(readOnly ? openReader(path, options) : openWriter(path, { ...options, sealEvery, headMaxBytes }))
  } catch (error) {
    return sqliteFailure(error, `The store ${path} cannot be opened`)
  }
}

const loadSeries = (db: ReturnType<typeof openForReading>, index: SeriesIndex, after: number) => {
  for (const row of db.prepare('SELECT id, labels FROM series WHERE id > ? ORDER BY id').iterate(after)) {
    index.add(row['id'] as number, Object.freeze(JSON.parse(row['labels'] as string) as Labels))
  }
}

const openWriter = (path: string, options: SeriesStoreOptions & { readonly sealEvery: number; readonly headMaxBytes: number }): SeriesStore => {
  const { durability = 'process', autoMaintain = true, clock = Date.now, onProblem, retention } = options
  const kept = completeRetention(retention)
  const lock = lockForWriting(path)
  let db: ReturnType<typeof openForWriting> | undefined
  try {
    db = openForWriting(path, durability)
    return runWriter(path, lock, db)
  } catch (error) {
    db?.close()
    lock.close()
    throw error
  }

  function runWriter(path: string, lock: ReturnType<typeof lockForWriting>, db: ReturnType<typeof openForWriting>): SeriesStore {
    const problems = createProblems(onProblem)
    const index = createSeriesIndex()
    loadSeries(db, index, 0)
    const state: StoreState = {
      db, index, layouts: new Map(), sources: new Map(), rows: [], blocks: listBlocks(db), headBytes: 0, newest: -Infinity, problem: problems.report,
    }
    state.rows.push(...readHead(db, 0, state.layouts, (at, reason) => problems.report({ part: 'scrape', from: at, to: at, reason })))
    for (const row of state.rows) state.headBytes += row.values.byteLength
    state.newest = Math.max(-Infinity, ...state.rows.map(row => row.at), ...state.blocks.filter(b => b.tier <= tiers.day).map(block => block.to))
    const blockReader = createBlockReader(db)
    const appender = createAppender(state, series => newestOf(state, blockReader, series))
    const connections = createReadConnections(path)
    const maintenance = createMaintenance(state, kept, options)
    let receipts = { accepted: 0, duplicates: 0, outOfOrder: 0 }
    let closed = false

    const view = () => {
      const connection = connections.take()
      // No await since the last commit of this thread: connection, blocks and rows show the same moment.
      const { reader } = connection
      return { connection, view: { reader, blocks: state.blocks, rows: state.rows.slice(), problem: problems.report } satisfies StoreView }
    }
    return {
      path,
      append: async (families, { at = clock(), source = '' } = {}) => {
        if (closed) return closedFailure(path)
        try {
          maintenance.makeRoom()
          const receipt = appender.append(families, at, source)
          receipts = {
            accepted: receipts.accepted + receipt.accepted, duplicates: receipts.duplicates + receipt.duplicates, outOfOrder: receipts.outOfOrder + receipt.outOfOrder,
          }
          if (autoMaintain) maintenance.wake()
          return ok(receipt)
        } catch (error) {
          return sqliteFailure(error, 'A scrape could not be kept')
        }
      },
      query: (query, { signal } = {}) => {
        checkQuery(query)
        momentsOf(query)
        parseSelector(query.match)
        return answering(closed, path, signal, () => {
          const taken = view()
          return evaluate(taken.view, index, query, signal).finally(() => connections.give(taken.connection))
        })
      },
      series: async match => (closed ? closedFailure(path) : ok(index.select(match === undefined ? [] : parseSelector(match)).map(id => index.labelsOf(id)!))),
      labelValues: (label, match) => (closed ? closedFailure(path) : ok(index.valuesOf(label, match === undefined ? [] : parseSelector(match)))),
      maintain: async ({ seal = false } = {}) => {
        if (closed) return closedFailure(path)
        try {
          await maintenance.run(seal)
          return ok()
        } catch (error) {
          return sqliteFailure(error, 'The store could not be maintained')
        }
      },
      verify: ({ signal } = {}) => answering(closed, path, signal, () => {
        const taken = view()
        return verifyStore(taken.view, taken.connection.db, signal).finally(() => connections.give(taken.connection))
      }),
      snapshot: () => snapshotOf(state, receipts, problems.count()),
      [Symbol.asyncDispose]: async () => {
        if (closed) return
        closed = true
        await maintenance.stop()
        connections.close()
        db.close()
        lock.close()
      },
    }
  }
}

const openReader = (path: string, { onProblem }: SeriesStoreOptions): SeriesStore => {
  const problems = createProblems(onProblem)
  const index = createSeriesIndex()
  const connections = createReadConnections(path)
  const db = openForReading(path)
  const state: StoreState = { db, index, layouts: new Map(), sources: new Map(), rows: [], blocks: [], headBytes: 0, newest: -Infinity, problem: problems.report }
  let closed = false

  /** Brings memory up to what one connection sees. */
  const refresh = (from: ReturnType<typeof openForReading>) => {
    loadSeries(from, index, index.newest())
    state.blocks = listBlocks(from)
    const oldest = (from.prepare('SELECT min(id) AS id FROM head').get() as { readonly id: number | null }).id ?? Infinity
    const known = state.rows.findIndex(row => row.id >= oldest)
    state.rows.splice(0, known < 0 ? state.rows.length : known)
    const report = (at: number, reason: string) => problems.report({ part: 'scrape', from: at, to: at, reason })
    state.rows.push(...readHead(from, state.rows.at(-1)?.id ?? 0, state.layouts, report))
    state.headBytes = state.rows.reduce((sum, row) => sum + row.values.byteLength, 0)
    state.newest = Math.max(-Infinity, ...state.rows.map(row => row.at), ...state.blocks.filter(b => b.tier <= tiers.day).map(block => block.to))
  }
  const view = () => {
    const connection = connections.take()
    refresh(connection.db)
    const { reader } = connection
    return { connection, view: { reader, blocks: state.blocks, rows: state.rows.slice(), problem: problems.report } satisfies StoreView }
  }
  const readOnlyFailure = async () => fail('forbidden', `The store ${path} is open for reading only.`)
  const refreshed = <T>(answer: () => T): Result<T, HiveError> => {
    if (closed) return closedFailure(path)
    try {
      refresh(db)
      return ok(answer())
    } catch (error) {
      return sqliteFailure(error, `The store ${path} cannot be read`)
    }
  }
  refresh(db)
  return {
    path,
    append: readOnlyFailure,
    maintain: readOnlyFailure,
    query: (query, { signal } = {}) => {
      checkQuery(query)
      momentsOf(query)
      parseSelector(query.match)
      return answering(closed, path, signal, () => {
        const taken = view()
        return evaluate(taken.view, index, query, signal).finally(() => connections.give(taken.connection))
      })
    },
    series: async match => {
      const matchers = match === undefined ? [] : parseSelector(match)
      return refreshed(() => index.select(matchers).map(id => index.labelsOf(id)!))
    },
    labelValues: (label, match) => {
      const matchers = match === undefined ? [] : parseSelector(match)
      return refreshed(() => index.valuesOf(label, matchers))
    },
    verify: ({ signal } = {}) => answering(closed, path, signal, () => {
      const taken = view()
      return verifyStore(taken.view, taken.connection.db, signal).finally(() => connections.give(taken.connection))
    }),
    snapshot: () => {
      if (!closed) refresh(db)
      return snapshotOf(state, { accepted: 0, duplicates: 0, outOfOrder: 0 }, problems.count())
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return
      closed = true
      connections.close()
      db.close()
    },
  }
}

const closedFailure = (path: string) => fail('unavailable', `The store ${path} is closed.`)

/** Runs a reading; its cancellation and SQLite's faults are answers. */
const answering = async <T>(closed: boolean, path: string, signal: AbortSignal | undefined, read: () => Promise<T>): Promise<Result<T, HiveError>> => {
  if (closed) return closedFailure(path)
  if (signal?.aborted) return fail('cancelled', 'The reading was cancelled.', { cause: signal.reason })
  try {
    return ok(await read())
  } catch (error) {
    if (signal?.aborted) return fail('cancelled', 'The reading was cancelled.', { cause: signal.reason })
    return sqliteFailure(error, `The store ${path} cannot be read`)
  }
}

const createProblems = (onProblem: ((problem: StoreProblem) => void) | undefined) => {
  const seen = new Set<string>()
  return {
    report: (problem: StoreProblem) => {
      const key = `${problem.part} ${problem.block ?? ''} ${problem.series ?? ''} ${problem.from}`
      if (seen.has(key)) return
      seen.add(key)
      onProblem?.(problem)
    },
    count: () => seen.size,
  }
}

/** The newest sample of a series: in the head, else in the newest block that has it. */
const newestOf = (state: StoreState, reader: ReturnType<typeof createBlockReader>, series: number) => {
  for (let i = state.rows.length - 1; i >= 0; i--) {
    const row = state.rows[i]!
    const position = row.layout.positionOf(series)
    if (position >= 0) return { time: row.at, value: row.values[position]! }
  }
  for (const block of state.blocks.filter(b => b.tier <= tiers.day).toReversed()) {
    const part = readChunk(reader, block, series, 1, state.problem)
    if (part && part.times.length > 0) return { time: part.times.at(-1)!, value: part.columns[0]!.at(-1)! }
  }
  return undefined
}
