import { setImmediate } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'
import { tiers } from './database.ts'
import { readHead } from './head.ts'
import { readChunk } from './read-chunk.ts'
import { rollupColumns } from './rollup.ts'
import type { StoreProblem } from './store-state.ts'
import type { StoreView } from './store-reader.ts'

/** What a reading of every checksum found. */
export interface StoreVerification {
  /** How many chunks are whole. */
  readonly chunks: number
  /** How many unsealed scrapes are whole. */
  readonly scrapes: number
  /** How many samples and rollup buckets they hold. */
  readonly samples: number
  /** What is damaged. */
  readonly problems: readonly StoreProblem[]
}

/** Decodes every chunk and every unsealed row. */
export const verifyStore = async (view: StoreView, db: DatabaseSync, signal?: AbortSignal): Promise<StoreVerification> => {
  const problems: StoreProblem[] = []
  const problem = (found: StoreProblem) => {
    problems.push(found)
    view.problem(found)
  }
  let chunks = 0
  let samples = 0
  for (const block of view.blocks) {
    for (const series of view.reader.seriesIn(block.id)) {
      const part = readChunk(view.reader, block, series, block.tier <= tiers.day ? 1 : rollupColumns.length, problem)
      if (part) {
        chunks++
        samples += part.times.length
      }
      if (chunks % 64 === 0) {
        await setImmediate()
        signal?.throwIfAborted()
      }
    }
  }
  const rows = readHead(db, 0, new Map(), (at, reason) => problem({ part: 'scrape', from: at, to: at, reason }))
  for (const row of rows) samples += row.values.length
  return { chunks, scrapes: rows.length, samples, problems }
}
