import { tiers } from './database.ts'
import type { AppendReceipt } from './series-store.ts'
import type { StoreState } from './store-state.ts'

/** What one kind of data takes. */
export interface TierSnapshot {
  /** How many blocks. */
  readonly blocks: number
  /** How many samples, or buckets of a rollup. */
  readonly samples: number
  /** Bytes of chunks and times. */
  readonly bytes: number
  /** From when, epoch milliseconds; absent when there is nothing. */
  readonly from?: number
  /** Until when, epoch milliseconds; absent when there is nothing. */
  readonly to?: number
}

/** What a store holds now. */
export interface StoreSnapshot {
  /** How many series it knows. */
  readonly series: number
  /** What is committed and not yet sealed. */
  readonly head: { readonly scrapes: number; readonly samples: number; readonly bytes: number }
  /** Sealed samples, before and after compaction. */
  readonly raw: TierSnapshot
  /** Rollups by 5 minutes. */
  readonly fiveMinutes: TierSnapshot
  /** Rollups by the hour. */
  readonly hours: TierSnapshot
  /** What became of every sample since the store was opened. */
  readonly appended: AppendReceipt
  /** How many parts of the file could not be read since it was opened. */
  readonly problems: number
}

export const snapshotOf = (state: StoreState, appended: AppendReceipt, problems: number): StoreSnapshot => {
  const tier = (...numbers: readonly number[]): TierSnapshot => {
    const blocks = state.blocks.filter(block => numbers.includes(block.tier))
    const sum = (of: 'samples' | 'bytes') => blocks.reduce((total, block) => total + block[of], 0)
    const span = blocks.length === 0 ? {} : { from: Math.min(...blocks.map(block => block.from)), to: Math.max(...blocks.map(block => block.to)) }
    return { blocks: blocks.length, samples: sum('samples'), bytes: sum('bytes'), ...span }
  }
  return {
    series: state.index.size(),
    head: { scrapes: state.rows.length, samples: state.rows.reduce((sum, row) => sum + row.values.length, 0), bytes: state.headBytes },
    raw: tier(tiers.sealed, tiers.day),
    fiveMinutes: tier(tiers.fiveMinutes),
    hours: tier(tiers.hour, tiers.hourMonth),
    appended,
    problems,
  }
}
