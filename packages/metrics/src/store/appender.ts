import { crc32 } from 'node:zlib'
import { sampleName, type Labels, type MetricFamily, type MetricSample } from '../metric-family.ts'
import { classicSamples } from '../native-histogram.ts'
import { transaction } from './database.ts'
import { createLayout, layoutBytes, rowBytes, type HeadRow, type Layout } from './head.ts'
import { labelsKey } from './series-index.ts'
import type { AppendReceipt } from './series-store.ts'
import { copyValue, isStale, setStale } from './stale.ts'
import type { SourceState, StoreState } from './store-state.ts'

/** Turns scrapes into committed rows. */
export interface Appender {
  /** Commits the samples. @throws what SQLite throws; nothing was kept then. */
  readonly append: (families: Iterable<MetricFamily>, at: number, source: string) => AppendReceipt
}

/**
 * @param newestOf The time and value of the newest stored sample of a series, asked once for each series after an opening.
 */
export const createAppender = (state: StoreState, newestOf: (series: number) => { readonly time: number; readonly value: number } | undefined): Appender => {
  const { db, index } = state
  const insertSeries = db.prepare('INSERT INTO series (id, labels) VALUES (?, ?)')
  const insertMetric = db.prepare('INSERT INTO metrics (name, type, help, unit) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET type = excluded.type, help = excluded.help, unit = excluded.unit')
  const insertLayout = db.prepare('INSERT INTO layouts (id, series) VALUES (?, ?)')
  const insertRow = db.prepare('INSERT INTO head (at, layout, crc, data) VALUES (?, ?, ?, ?)')
  const { sources } = state
  const described = new Map<string, string>()
  let newestTime: Float64Array = new Float64Array(1024).fill(Number.NaN)
  let newestValue: Float64Array = new Float64Array(1024)
  let nextLayout = (db.prepare('SELECT max(id) AS id FROM layouts').get() as { readonly id: number | null }).id ?? 0
  let nextSeries = index.newest()

  const know = (id: number) => {
    if (id >= newestTime.length) {
      const times = new Float64Array(id * 2).fill(Number.NaN)
      times.set(newestTime)
      newestTime = times
      const values = new Float64Array(id * 2)
      values.set(newestValue)
      newestValue = values
    }
    if (!Number.isNaN(newestTime[id]!)) return
    const newest = newestOf(id)
    newestTime[id] = newest?.time ?? -Infinity
    newestValue[id] = newest?.value ?? 0
  }

  const idOf = (name: string, labels: Labels): number => {
    const whole = { __name__: name, ...labels }
    const key = labelsKey(whole)
    let id = index.idOf(key)
    if (id === undefined) {
      id = ++nextSeries
      if (id >= 2 ** 20) throw new RangeError('A store holds at most 1,048,575 series over its life.')
      insertSeries.run(id, key)
      index.add(id, Object.freeze(JSON.parse(key) as Labels))
    }
    know(id)
    return id
  }

  let lastLayout: Layout | undefined
  const layoutFor = (series: Int32Array): Layout => {
    if (lastLayout && state.layouts.has(lastLayout.id) && sameSeries(lastLayout.series, series)) return lastLayout
    const layout = createLayout(++nextLayout, series)
    insertLayout.run(layout.id, layoutBytes(series))
    state.layouts.set(layout.id, layout)
    lastLayout = layout
    return layout
  }

  const commitRow = (at: number, layout: Layout, values: Float64Array): HeadRow => {
    const bytes = rowBytes(values)
    const { lastInsertRowid } = insertRow.run(at, layout.id, crc32(bytes), bytes)
    return { id: Number(lastInsertRowid), at, layout, values }
  }

  const describe = (family: MetricFamily) => {
    const text = `${family.type} ${family.unit ?? ''} ${family.help}`
    if (described.get(family.name) === text) return
    insertMetric.run(family.name, family.type, family.help, family.unit ?? '')
    described.set(family.name, text)
  }

  /** Whether every sample of a layout may stand at a time; the usual case, and quick. */
  const allNewer = (layout: Layout, at: number): boolean => {
    const { series } = layout
    for (let i = 0; i < series.length; i++) if (!(newestTime[series[i]!]! < at)) return false
    return true
  }

  const remember = (row: HeadRow) => {
    const { series } = row.layout
    for (let i = 0; i < series.length; i++) {
      newestTime[series[i]!] = row.at
      copyValue(row.values, i, newestValue, series[i]!)
    }
  }

  /** Keeps the samples that may be kept, in a layout of their own. */
  const filtered = (layout: Layout, at: number, values: Float64Array, receipt: { duplicates: number; outOfOrder: number }): readonly [Layout, Float64Array] | undefined => {
    const kept: number[] = []
    for (let i = 0; i < layout.series.length; i++) {
      const id = layout.series[i]!
      if (newestTime[id]! < at) kept.push(i)
      else if (newestTime[id] === at && (Object.is(newestValue[id], values[i]) || isStale(values, i))) receipt.duplicates++
      else receipt.outOfOrder++
    }
    if (kept.length === 0) return undefined
    const own = new Float64Array(kept.length)
    for (const [j, i] of kept.entries()) copyValue(values, i, own, j)
    return [layoutFor(Int32Array.from(kept, i => layout.series[i]!)), own]
  }

  const commit = (scrapes: readonly Committable[]): AppendReceipt & { readonly rows: readonly HeadRow[] } => {
    const receipt = { accepted: 0, duplicates: 0, outOfOrder: 0 }
    const rows: HeadRow[] = []
    for (const { at, layout, values } of scrapes) {
      const [own, kept] = allNewer(layout, at) ? [layout, values] as const : filtered(layout, at, values, receipt) ?? []
      if (!own) continue
      const row = commitRow(at, own, kept!)
      rows.push(row)
      remember(row)
      receipt.accepted += kept!.length
    }
    return { ...receipt, rows }
  }

  const admit = ({ rows, ...receipt }: ReturnType<typeof commit>): AppendReceipt => {
    for (const row of rows) {
      state.rows.push(row)
      state.headBytes += row.values.byteLength
      if (row.at > state.newest) state.newest = row.at
    }
    return receipt
  }

  return {
    append: (given, at, source) => {
      const families = Array.isArray(given) ? (given as readonly MetricFamily[]) : [...given]
      const known = sources.get(source)
      const quick = known && valuesInOrder(families, known)
      if (quick && allNewer(known.layout, at)) {
        // One statement is one transaction.
        const row = commitRow(at, known.layout, quick)
        remember(row)
        return admit({ rows: [row], accepted: quick.length, duplicates: 0, outOfOrder: 0 })
      }
      const undo = { newestTime: newestTime.slice(), newestValue: newestValue.slice(), nextSeries }
      try {
        return admit(transaction(db, () => {
          for (const family of families) describe(family)
          const scrapes = createScrapes()
          for (const family of families) {
            for (const sample of expand(family)) scrapes.at(sample.timestamp ?? at).add(idOf(sampleName(family, sample.suffix), sample.labels), sample, sampleName(family, sample.suffix))
          }
          const now = scrapes.at(at)
          const series = Int32Array.from(now.ids)
          const layout = known && sameSeries(known.layout.series, series) ? known.layout : layoutFor(series)
          const ended = known ? known.layout.series.filter(id => !now.has(id)) : new Int32Array(0)
          const all: Committable[] = scrapes.all().map(scrape => ({
            at: scrape.time, values: Float64Array.from(scrape.values), layout: scrape === now ? layout : layoutFor(Int32Array.from(scrape.ids)),
          }))
          if (ended.length > 0) all.push({ at, values: staleValues(ended.length), layout: layoutFor(ended) })
          const done = commit(all.filter(scrape => scrape.values.length > 0).toSorted((a, b) => a.at - b.at))
          sources.set(source, { names: now.names, labels: now.labels, layout })
          return done
        }))
      } catch (error) {
        for (let id = undo.nextSeries + 1; id <= nextSeries; id++) index.remove(id)
        ;({ newestTime, newestValue, nextSeries } = undo)
        sources.delete(source)
        described.clear()
        lastLayout = undefined
        throw error
      }
    },
  }
}

interface Committable {
  readonly at: number
  readonly layout: Layout
  readonly values: Float64Array
}

/** The values of a scrape whose samples are, one by one, those of the scrape before; undefined when they are not. */
const valuesInOrder = (families: readonly MetricFamily[], { names, labels }: SourceState): Float64Array | undefined => {
  const values = new Float64Array(labels.length)
  let i = 0
  for (const family of families) {
    let suffix: string | undefined
    let name = ''
    for (const sample of family.samples) {
      if (name === '' || sample.suffix !== suffix) {
        suffix = sample.suffix
        name = sampleName(family, suffix)
      }
      if (sample.labels !== labels[i] || name !== names[i] || sample.timestamp !== undefined || sample.native) return undefined
      values[i++] = sample.value
    }
  }
  return i === labels.length ? values : undefined
}

interface Scrape {
  readonly time: number
  readonly ids: number[]
  readonly values: number[]
  readonly labels: Labels[]
  readonly names: string[]
  readonly add: (id: number, sample: MetricSample, name: string) => void
  readonly has: (id: number) => boolean
}

const createScrapes = () => {
  const byTime = new Map<number, Scrape>()
  const make = (time: number): Scrape => {
    if (!Number.isInteger(time) || Math.abs(time) > 8.64e15) throw new RangeError(`Expected a time in whole milliseconds; got ${time}.`)
    const scrape = { time, ids: [] as number[], values: [] as number[], labels: [] as Labels[], names: [] as string[] }
    const ids = new Set<number>()
    return {
      ...scrape,
      add: (id, sample, name) => {
        if (ids.has(id)) return // the same series twice in one scrape: the first stands, as in an exposition
        ids.add(id)
        scrape.ids.push(id)
        scrape.values.push(sample.value)
        scrape.labels.push(sample.labels)
        scrape.names.push(name)
      },
      has: id => ids.has(id),
    }
  }
  return {
    at: (time: number): Scrape => {
      let scrape = byTime.get(time)
      if (!scrape) byTime.set(time, (scrape = make(time)))
      return scrape
    },
    all: () => [...byTime.values()],
  }
}

const expand = (family: MetricFamily): readonly MetricSample[] =>
  family.samples.some(sample => sample.native)
    ? family.samples.flatMap(sample => (sample.native ? classicSamples(sample.labels, sample.native, sample.timestamp) : sample))
    : family.samples

const sameSeries = (a: Int32Array, b: Int32Array): boolean => a.length === b.length && a.every((id, i) => id === b[i])

const staleValues = (count: number): Float64Array => {
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) setStale(values, i)
  return values
}
