import { createBlockWriter } from './blocks.ts'
import { packChunk } from './chunk.ts'
import { tiers, transaction } from './database.ts'
import { columnOf, type HeadRow } from './head.ts'
import type { StoreState } from './store-state.ts'

/** How much waits for one write. */
export const flushBytes = 1 << 20

/**
 * Seals what is in the head now: one chunk a series, then in one transaction the block becomes live and its rows go.
 * Yields between series, so that the caller can let others run.
 */
export function* seal(state: StoreState): Generator<void, void> {
  const rows = state.rows.slice()
  if (rows.length === 0) return
  const times = uniqueTimes(rows)
  const indexOfTime = new Map(Array.from(times, (time, i) => [time, i]))
  const series = new Set<number>()
  for (const layout of new Set(rows.map(row => row.layout))) for (const id of layout.series) series.add(id)
  const writer = createBlockWriter(state.db, tiers.sealed, times)
  for (const id of [...series].toSorted((a, b) => a - b)) {
    const column = columnOf(rows, id)
    const count = column.times.length
    const values = count === column.values.buffer.byteLength / 8 ? column.values : column.values.slice()
    const present = count === times.length ? {} : { present: Int32Array.from(column.times, time => indexOfTime.get(time)!) }
    writer.add(id, packChunk({ ...present, columns: [values] }, times.length, false), count)
    if (writer.waitingBytes() > flushBytes) writer.flush()
    yield
  }
  const last = rows[rows.length - 1]!.id
  const block = transaction(state.db, () => {
    const done = writer.finish()
    state.db.prepare('DELETE FROM head WHERE id <= ?').run(last)
    pruneLayouts(state, state.rows.slice(rows.length))
    return done
  })
  state.rows.splice(0, rows.length)
  state.headBytes = state.rows.reduce((sum, row) => sum + row.values.byteLength, 0)
  state.blocks = [...state.blocks, block].toSorted((a, b) => a.from - b.from || a.id - b.id)
}

const uniqueTimes = (rows: readonly HeadRow[]): Float64Array => {
  const times = Float64Array.from(new Set(rows.map(row => row.at)))
  return times.toSorted()
}

/** Layouts stay while a row or a source uses them. The highest stays too: an id is never given twice, for readers remember them. */
const pruneLayouts = (state: StoreState, rows: readonly HeadRow[]) => {
  const used = new Set(rows.map(row => row.layout.id))
  for (const { layout } of state.sources.values()) used.add(layout.id)
  state.db.prepare('DELETE FROM layouts WHERE id NOT IN (SELECT value FROM json_each(?)) AND id <> (SELECT max(id) FROM layouts)').run(JSON.stringify([...used]))
  for (const id of state.layouts.keys()) if (!used.has(id)) state.layouts.delete(id)
}
