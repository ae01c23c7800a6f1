import { crc32 } from 'node:zlib'
import { fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { HealthModel } from './health-model.ts'
import type { HealthScore } from './health-score.ts'
import { measureOf, type Measure } from './measure.ts'

/** Values over time, without gaps: `values[i]` was so at `times[i]`, epoch milliseconds, ascending. */
export interface TimeSeries {
  /** Epoch milliseconds, ascending. */
  readonly times: Float64Array
  /** Finite numbers, as many as there are times. */
  readonly values: Float64Array
}

/** The last scores and signal values, in memory of a fixed size. */
export interface History {
  /** How many points it holds at most; the oldest makes room. */
  readonly capacity: number
  /** How many points it holds. */
  readonly size: number
  /** The memory its columns take, in bytes: 8 × capacity × (3 + signals). Does not grow. */
  readonly bytes: number
  /** Adds a point. One that is not newer than the last is dropped. */
  push(score: HealthScore): void
  /** Copies one measure out, oldest first, leaving out points at which it was not known. Costs O(size). */
  series(measure: Measure): TimeSeries
  /** Everything in it, in a form that {@link History.restore} of any later version of the model reads. */
  toBytes(): Uint8Array<ArrayBuffer>
  /**
   * Replaces what it holds. Signals that the model no longer has are left out, new ones have no past, and if there are
   * too many points, the newest stay.
   *
   * @returns how many points there are now, or `data_corrupt`, with the history as it was.
   */
  restore(bytes: Uint8Array): Result<number, HiveError>
}

/** What {@link createHistory} takes. */
export interface HistoryOptions {
  /** The model whose scores it will hold. */
  readonly model: HealthModel
  /** How many points at most, 2 or more. Default 1,440: two hours at one in 5 s. */
  readonly capacity?: number
}

/**
 * Makes a ring of the last scores: one Float64 column each for time, score, confidence and every signal.
 *
 * @throws RangeError unless the capacity is an integer of 2 or more.
 *
 * @example
 * ```ts
 * import { createHistory, responsivenessModel, scoreHealth } from '@hivekit/health-score'
 *
 * const model = responsivenessModel()
 * const history = createHistory({ model, capacity: 720 })
 * history.push(scoreHealth([{ signal: 'readyRatio', value: 1, at: 5_000 }], model, { now: 5_000 }))
 * history.series('score').values // Float64Array [100]
 * ```
 */
export const createHistory = ({ model, capacity = 1_440 }: HistoryOptions): History => {
  if (!(Number.isInteger(capacity) && capacity >= 2)) throw new RangeError(`Expected a capacity of 2 or more, got ${capacity}.`)
  const names = ['at', 'score', 'confidence', ...model.signals.map(one => `signal:${one.signal}`)]
  const columns = names.map(() => new Float64Array(capacity))
  const [at] = columns as [Float64Array]
  let size = 0
  let next = 0
  const append = (row: (column: number) => number) => {
    for (let column = 0; column < columns.length; column++) columns[column]![next] = row(column)
    next = (next + 1) % capacity
    size = Math.min(size + 1, capacity)
  }
  /** The place of the i-th oldest point. */
  const place = (i: number) => (next - size + i + capacity) % capacity

  const series = (measure: Measure): TimeSeries => {
    const column = columns[names.indexOf(typeof measure === 'string' ? measure : `signal:${measure.signal}`)]
    if (!column) throw new RangeError(`Expected a signal of the model "${model.name}", got ${JSON.stringify(measure)}.`)
    const times = new Float64Array(size)
    const values = new Float64Array(size)
    let known = 0
    for (let i = 0; i < size; i++) {
      const value = column[place(i)]!
      if (Number.isNaN(value)) continue
      times[known] = at[place(i)]!
      values[known++] = value
    }
    return { times: times.slice(0, known), values: values.slice(0, known) }
  }

  return {
    capacity,
    get size() {
      return size
    },
    bytes: columns.length * capacity * Float64Array.BYTES_PER_ELEMENT,
    push: score => {
      if (size > 0 && !(score.at > at[place(size - 1)]!)) return
      append(column => {
        if (column === 0) return score.at
        const measure = column === 1 ? 'score' : column === 2 ? 'confidence' : { signal: model.signals[column - 3]!.signal }
        return measureOf(score, measure) ?? Number.NaN
      })
    },
    series,
    toBytes: () => encode(names, columns.map(column => Float64Array.from({ length: size }, (_, i) => column[place(i)]!))),
    restore: bytes => {
      const decoded = decode(bytes)
      if (!decoded) return fail('data_corrupt', 'The health history is damaged or of another format.')
      const sources = names.map(name => decoded.columns[decoded.names.indexOf(name)])
      const rows = sources[0]!.length
      size = next = 0
      for (let i = Math.max(0, rows - capacity); i < rows; i++) append(column => sources[column]?.[i] ?? Number.NaN)
      return ok(size)
    },
  }
}

const magic = 'hivekit-health-history 1\n'

/** The magic line, a JSON line naming the columns, the columns as little-endian doubles, and a CRC-32 of all that. */
const encode = (names: readonly string[], columns: readonly Float64Array[]): Uint8Array<ArrayBuffer> => {
  const head = new TextEncoder().encode(`${magic}${JSON.stringify({ names, rows: columns[0]!.length })}\n`)
  const body = columns.length * columns[0]!.length * 8
  const bytes = new Uint8Array(head.length + body + 4)
  const view = new DataView(bytes.buffer)
  bytes.set(head)
  let offset = head.length
  for (const column of columns) for (const value of column) view.setFloat64((offset += 8) - 8, value, true)
  view.setUint32(offset, crc32(bytes.subarray(0, offset)), true)
  return bytes
}

const decode = (bytes: Uint8Array): { names: string[]; columns: Float64Array[] } | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length - 4
  if (end < magic.length || view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) return
  const lineEnd = bytes.indexOf(10, magic.length)
  if (new TextDecoder().decode(bytes.subarray(0, magic.length)) !== magic) return
  const { names, rows } = JSON.parse(new TextDecoder().decode(bytes.subarray(magic.length, lineEnd))) as { names: string[]; rows: number }
  let offset = lineEnd + 1
  const columns = names.map(() => Float64Array.from({ length: rows }, () => view.getFloat64((offset += 8) - 8, true)))
  return names[0] === 'at' ? { names, columns } : undefined
}
