import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { copyValue } from './stale.ts'

/** Which series the values of a row belong to. Rows of one source share a layout until its series change. */
export interface Layout {
  /** Its id in the file. */
  readonly id: number
  /** Series ids, in the order of the values. */
  readonly series: Int32Array
  /** Where a series' value is, −1 where it has none. */
  readonly positionOf: (series: number) => number
}

/** One scrape as it was committed. */
export interface HeadRow {
  /** Rises with each commit. */
  readonly id: number
  /** When it was scraped, epoch milliseconds. */
  readonly at: number
  /** Whose values they are. */
  readonly layout: Layout
  /** The values. */
  readonly values: Float64Array
}

export const createLayout = (id: number, series: Int32Array): Layout => {
  let least = Infinity
  let most = -1
  for (const one of series) {
    if (one < least) least = one
    if (one > most) most = one
  }
  const positions = new Int32Array(Math.max(0, most - least + 1)).fill(-1)
  for (let i = 0; i < series.length; i++) positions[series[i]! - least] = i
  return { id, series, positionOf: one => positions[one - least] ?? -1 }
}

/** The values of one series among rows that are in the order of their times. */
export const columnOf = (rows: readonly HeadRow[], series: number, after = -Infinity, until = Infinity): { readonly times: Float64Array; readonly values: Float64Array } => {
  const times = new Float64Array(rows.length)
  const values = new Float64Array(rows.length)
  let count = 0
  for (const row of rows) {
    if (row.at <= after || row.at > until) continue
    const position = row.layout.positionOf(series)
    if (position < 0) continue
    times[count] = row.at
    copyValue(row.values, position, values, count++)
  }
  return { times: times.subarray(0, count), values: values.subarray(0, count) }
}

export const layoutBytes = (series: Int32Array): Uint8Array => new Uint8Array(series.buffer, series.byteOffset, series.byteLength)
export const rowBytes = (values: Float64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** Reads the rows after an id. A row whose checksum is wrong is left out and reported. */
export const readHead = (db: DatabaseSync, after: number, layouts: Map<number, Layout>, onDamage: (at: number, reason: string) => void): HeadRow[] => {
  const rows: HeadRow[] = []
  const layoutById = db.prepare('SELECT series FROM layouts WHERE id = ?')
  for (const row of db.prepare('SELECT id, at, layout, crc, data FROM head WHERE id > ? ORDER BY id').iterate(after)) {
    const { id, at, layout: layoutId, crc, data } = row as unknown as { id: number; at: number; layout: number; crc: number; data: Uint8Array }
    let layout = layouts.get(layoutId)
    if (!layout) {
      const found = layoutById.get(layoutId) as { readonly series: Uint8Array } | undefined
      if (found) layouts.set(layoutId, (layout = createLayout(layoutId, new Int32Array(aligned(found.series)))))
    }
    if (!layout || crc !== crc32(data) || data.length !== layout.series.length * 8) onDamage(at, layout ? 'the checksum of a scrape is wrong' : 'the layout of a scrape is gone')
    else rows.push({ id, at, layout, values: new Float64Array(aligned(data)) })
  }
  return rows
}

const aligned = (bytes: Uint8Array): ArrayBuffer => {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}
