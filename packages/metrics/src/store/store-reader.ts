import type { BlockReader } from './blocks.ts'
import type { Block } from './blocks.ts'
import { concat, rollupMs } from './compact.ts'
import { tiers } from './database.ts'
import { columnOf, type HeadRow } from './head.ts'
import { readChunk } from './read-chunk.ts'
import { joinRollups, rollUp, rollupColumns, type Rollup } from './rollup.ts'
import type { StoreProblem } from './store-state.ts'

/** One moment's view of a store: its blocks and unsealed rows do not change while it is read. */
export interface StoreView {
  readonly reader: BlockReader
  readonly blocks: readonly Block[]
  readonly rows: readonly HeadRow[]
  readonly problem: (problem: StoreProblem) => void
}

/** Samples of one series, times rising. */
export interface Samples {
  readonly times: Float64Array
  readonly values: Float64Array
}

/** Reads every sample of a series after one time and up to another. */
export const readRaw = (view: StoreView, series: number, after: number, until: number): Samples => {
  const times: Float64Array[] = []
  const values: Float64Array[] = []
  for (const block of view.blocks) {
    if ((block.tier !== tiers.sealed && block.tier !== tiers.day) || block.to <= after || block.from > until) continue
    const part = readChunk(view.reader, block, series, 1, view.problem)
    if (!part) continue
    const start = firstAfter(part.times, after)
    const end = firstAfter(part.times, until)
    if (start === end) continue
    times.push(part.times.subarray(start, end))
    values.push(part.columns[0]!.subarray(start, end))
  }
  if (view.rows.length > 0) {
    const head = columnOf(view.rows, series, after, until)
    if (head.times.length > 0) {
      times.push(head.times)
      values.push(head.values)
    }
  }
  return times.length === 0 ? nothing : { times: concat(times), values: concat(values) }
}

const nothing: Samples = { times: new Float64Array(0), values: new Float64Array(0) }

/** Reads a rollup of a series; days that are not rolled up yet are summed up from their samples. */
export const readRollup = (view: StoreView, series: number, bucketMs: number, after: number, until: number): Rollup => {
  const wanted: readonly number[] = bucketMs === rollupMs.hour ? [tiers.hour, tiers.hourMonth] : [tiers.fiveMinutes]
  const parts: Rollup[] = []
  let last: number | undefined
  for (const block of view.blocks) {
    if (!wanted.includes(block.tier) || block.to <= after || block.from > until) continue
    const part = readChunk(view.reader, block, series, rollupColumns.length, view.problem)
    if (!part) continue
    parts.push({ ends: part.times, columns: part.columns })
    last = part.columns[4]!.at(-1)
  }
  // What the rollups do not hold yet: sealed blocks and the head.
  const recent: StoreView = { ...view, blocks: view.blocks.filter(block => block.tier === tiers.sealed) }
  const { times, values } = readRaw(recent, series, after - bucketMs, until)
  if (times.length > 0) parts.push(rollUp(times, values, bucketMs, last))
  if (parts.length === 0) return { ends: nothing.times, columns: rollupColumns.map(() => nothing.values) }
  const { ends, columns } = joinRollups(parts)
  const start = firstAfter(ends, after)
  const end = firstAfter(ends, until)
  return { ends: ends.subarray(start, end), columns: columns.map(column => column.subarray(start, end)) }
}

/** The index of the first time after a moment; the length when there is none. */
export const firstAfter = (times: Float64Array, moment: number): number => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= moment) low = middle + 1
    else high = middle
  }
  return low
}
