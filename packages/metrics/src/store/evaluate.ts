import { setImmediate } from 'node:timers/promises'
import { combine, divide } from '../query/combine.ts'
import { overRollup } from '../query/rollup-window.ts'
import { parseSelector } from '../query/selector.ts'
import { momentsOf, windowOf, type QueryAnswer, type RangeQuery, type SeriesPoints, type SeriesQuery } from '../query/series-query.ts'
import { overWindows } from '../query/window-function.ts'
import { rollupMs } from './compact.ts'
import { tiers } from './database.ts'
import type { SeriesIndex } from './series-index.ts'
import { readRaw, readRollup, type StoreView } from './store-reader.ts'

/** How long a query may hold the event loop before it lets others run. */
const sliceMs = 8

/** Answers a range query from one view of the store. Throws the signal's reason when it is aborted. */
export const evaluate = async (view: StoreView, index: SeriesIndex, query: RangeQuery, signal?: AbortSignal): Promise<QueryAnswer> => {
  const moments = momentsOf(query)
  const problems: string[] = []
  const watched: StoreView = {
    ...view,
    problem: problem => {
      view.problem(problem)
      problems.push(problemText(problem))
    },
  }
  const bucketMs = resolutionOf(view, query)
  let began = performance.now()
  const breathe = async () => {
    if (performance.now() - began < sliceMs) return
    await setImmediate()
    signal?.throwIfAborted()
    began = performance.now()
  }

  const lines = async (part: SeriesQuery): Promise<readonly SeriesPoints[]> => {
    const { fn = 'last', aheadMs = 0 } = part
    const windowMs = Math.max(windowOf(part, query.stepMs), bucketMs)
    const after = moments[0]! - windowMs
    const until = moments[moments.length - 1]!
    const found: SeriesPoints[] = []
    for (const id of index.select(parseSelector(part.match))) {
      const labels = index.labelsOf(id)!
      if (bucketMs > 0) {
        found.push({ labels, values: overRollup(readRollup(watched, id, bucketMs, after, until), moments, { fn, windowMs, aheadMs }) })
      } else {
        const { times, values } = readRaw(watched, id, after, until)
        if (times.length > 0) found.push({ labels, values: overWindows(times, values, moments, { fn, windowMs, aheadMs }, fn === 'last' && part.windowMs === undefined) })
      }
      await breathe()
    }
    const combined = combine(found, part, moments.length)
    return part.per ? divide(combined, await lines(part.per)) : combined
  }
  return { times: moments, series: await lines(query), resolutionMs: bucketMs, problems }
}

/** 0 for samples, else the buckets that fit the window and the step, or that still reach back far enough. */
const resolutionOf = (view: StoreView, query: RangeQuery): number => {
  const { resolution = 'auto', stepMs, from } = query
  if (resolution !== 'auto') return resolution === 'raw' ? 0 : resolution === '5m' ? rollupMs.fiveMinutes : rollupMs.hour
  const windowMs = windowOf(query, stepMs)
  const fits = (bucketMs: number) => stepMs >= bucketMs && windowMs >= 2 * bucketMs
  if (fits(rollupMs.hour)) return rollupMs.hour
  if (fits(rollupMs.fiveMinutes)) return rollupMs.fiveMinutes
  const oldest = (numbers: readonly number[]) => view.blocks.find(block => numbers.includes(block.tier))?.from ?? Infinity
  const rawFrom = Math.min(oldest([tiers.sealed, tiers.day]), view.rows[0]?.at ?? Infinity)
  const fiveFrom = oldest([tiers.fiveMinutes]) - rollupMs.fiveMinutes
  const hourFrom = oldest([tiers.hour, tiers.hourMonth]) - rollupMs.hour
  if (from >= rawFrom || (rawFrom <= fiveFrom && rawFrom <= hourFrom)) return 0
  return from >= fiveFrom || fiveFrom <= hourFrom ? rollupMs.fiveMinutes : rollupMs.hour
}

const problemText = ({ part, series, from, to, reason }: Parameters<StoreView['problem']>[0]): string =>
  `A ${part}${series === undefined ? '' : ` of series ${series}`} from ${new Date(from).toISOString()} to ${new Date(to).toISOString()} was skipped: ${reason}.`
