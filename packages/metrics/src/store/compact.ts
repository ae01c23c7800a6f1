import { createBlockReader, createBlockWriter, type Block, type BlockReader, type BlockWriter } from './blocks.ts'
import { packChunk } from './chunk.ts'
import { states, tiers, transaction } from './database.ts'
import { readChunk } from './read-chunk.ts'
import { joinRollups, rollUp, rollupColumns, type Rollup } from './rollup.ts'
import { flushBytes } from './seal.ts'
import type { StoreState } from './store-state.ts'

const dayMs = 86_400_000
/** How long after a day's end its last samples may come. */
const graceMs = 600_000
/** Days of hourly rollups that are joined into one block. */
const daysInMonth = 30

/** How long the buckets of each rollup are. */
export const rollupMs = { fiveMinutes: 300_000, hour: 3_600_000 } as const

/** Compacts every day that is over, oldest first: sealed blocks into one, and both rollups beside it. Yields between series. */
export function* compact(state: StoreState): Generator<void, void> {
  const days = new Map<number, Block[]>()
  for (const block of state.blocks) {
    const day = Math.floor(block.from / dayMs)
    if (block.tier !== tiers.sealed || (day + 1) * dayMs + graceMs > state.newest) continue
    days.set(day, [...(days.get(day) ?? []), block])
  }
  for (const [, blocks] of [...days].toSorted(([a], [b]) => a - b)) yield* compactDay(state, blocks)
  yield* joinHours(state)
}

function* compactDay(state: StoreState, blocks: readonly Block[]): Generator<void, void> {
  const reader = createBlockReader(state.db)
  const times = allTimes(reader, blocks.map(block => block.id))
  if (times.length === 0) return replace(state, blocks, [])
  const lastRollup = state.blocks.findLast(block => block.tier === tiers.fiveMinutes && block.from <= blocks[0]!.from)
  const ends = (bucketMs: number) => Float64Array.from(new Set(Array.from(times, time => Math.ceil(time / bucketMs) * bucketMs)))
  const raw = createPacker(createBlockWriter(state.db, tiers.day, times), times)
  const fiveEnds = ends(rollupMs.fiveMinutes)
  const five = createPacker(createBlockWriter(state.db, tiers.fiveMinutes, fiveEnds), fiveEnds)
  const hourEnds = ends(rollupMs.hour)
  const hour = createPacker(createBlockWriter(state.db, tiers.hour, hourEnds), hourEnds)

  for (const series of seriesOf(reader, blocks)) {
    const parts = blocks.map(block => readChunk(reader, block, series, 1, state.problem)).filter(part => part !== undefined)
    if (parts.length > 0) {
      const own = concat(parts.map(part => part.times))
      const values = concat(parts.map(part => part.columns[0]!))
      raw.add(series, own, [values])
      const before = lastRollup && readChunk(reader, lastRollup, series, rollupColumns.length, state.problem)
      const fives = rollUp(own, values, rollupMs.fiveMinutes, before?.columns[4]!.at(-1))
      const hours = rollUp(own, values, rollupMs.hour, before?.columns[4]!.at(-1))
      if (fives.ends.length > 0) five.add(series, fives.ends, fives.columns)
      if (hours.ends.length > 0) hour.add(series, hours.ends, hours.columns)
    }
    yield
  }
  replace(state, blocks, [raw.writer, five.writer, hour.writer])
}

/** A day of hours is 24 buckets a series, hardly more than a chunk's overhead: a month of them becomes one block. */
function* joinHours(state: StoreState): Generator<void, void> {
  const days = state.blocks.filter(block => block.tier === tiers.hour)
  if (days.length < daysInMonth) return
  const blocks = days.slice(0, daysInMonth)
  const reader = createBlockReader(state.db)
  const times = allTimes(reader, blocks.map(block => block.id))
  if (times.length === 0) return replace(state, blocks, [])
  const month = createPacker(createBlockWriter(state.db, tiers.hourMonth, times), times)
  for (const series of seriesOf(reader, blocks)) {
    const parts = blocks.map(block => readChunk(reader, block, series, rollupColumns.length, state.problem)).filter(part => part !== undefined)
    const rollups: Rollup[] = parts.map(({ times: ends, columns }) => ({ ends, columns }))
    if (rollups.length > 0) {
      const joined = joinRollups(rollups)
      month.add(series, joined.ends, joined.columns)
    }
    yield
  }
  replace(state, blocks, [month.writer])
}

const createPacker = (writer: BlockWriter, times: Float64Array) => {
  const indexOf = new Map(Array.from(times, (time, i) => [time, i]))
  return {
    writer,
    add: (series: number, own: Float64Array, columns: readonly Float64Array[]) => {
      const present = own.length === times.length ? {} : { present: Int32Array.from(own, time => indexOf.get(time)!) }
      writer.add(series, packChunk({ ...present, columns }, times.length, true), own.length)
      if (writer.waitingBytes() > flushBytes) writer.flush()
    },
  }
}

/** Makes the new blocks live and the old ones dead at one moment. */
const replace = (state: StoreState, old: readonly Block[], writers: readonly BlockWriter[]) => {
  const made = transaction(state.db, () => {
    const kill = state.db.prepare('UPDATE blocks SET state = ? WHERE id = ?')
    for (const block of old) kill.run(states.dead, block.id)
    return writers.map(writer => writer.finish())
  })
  const gone = new Set(old.map(block => block.id))
  state.blocks = [...state.blocks.filter(block => !gone.has(block.id)), ...made].toSorted((a, b) => a.from - b.from || a.id - b.id)
}

const allTimes = (reader: BlockReader, blocks: readonly number[]): Float64Array => {
  const unique = new Set<number>()
  for (const block of blocks) {
    const times = reader.times(block)
    if (typeof times !== 'string') for (const time of times) unique.add(time)
  }
  return Float64Array.from(unique).toSorted()
}

const seriesOf = (reader: BlockReader, blocks: readonly Block[]): readonly number[] =>
  [...new Set(blocks.flatMap(block => reader.seriesIn(block.id)))].toSorted((a, b) => a - b)

/** Joins arrays, bit by bit. */
export const concat = (parts: readonly Float64Array[]): Float64Array => {
  if (parts.length === 1) return parts[0]!
  const joined = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
