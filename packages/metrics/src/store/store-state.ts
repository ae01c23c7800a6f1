import type { DatabaseSync } from 'node:sqlite'
import type { Block } from './blocks.ts'
import type { Labels } from '../metric-family.ts'
import type { HeadRow, Layout } from './head.ts'
import type { SeriesIndex } from './series-index.ts'

/** Something in the file that could not be read. The rest stays readable. */
export interface StoreProblem {
  /** What was damaged. */
  readonly part: 'chunk' | 'times' | 'scrape'
  /** The series, where one is known. */
  readonly series?: number
  /** The block, where it is in one. */
  readonly block?: number
  /** From when, epoch milliseconds. */
  readonly from: number
  /** Until when, epoch milliseconds. */
  readonly to: number
  /** What is wrong with it. */
  readonly reason: string
}

/** What a source said at its last scrape: most say the same series in the same order the next time. */
export interface SourceState {
  readonly names: readonly string[]
  readonly labels: readonly Labels[]
  readonly layout: Layout
}

/** What the parts of a store share. Only the thread that opened it touches it. */
export interface StoreState {
  readonly db: DatabaseSync
  readonly index: SeriesIndex
  readonly layouts: Map<number, Layout>
  readonly sources: Map<string, SourceState>
  /** What is committed and not sealed, in the order of commits. */
  readonly rows: HeadRow[]
  /** Live blocks, by their first time. */
  blocks: Block[]
  headBytes: number
  /** The newest time of all samples. */
  newest: number
  readonly problem: (problem: StoreProblem) => void
}
