import { setImmediate } from 'node:timers/promises'
import { answerQuery, overSamples, type QueriedSeries } from '../query/answer-query.ts'
import { overRollup } from '../query/rollup-window.ts'
import type { Matcher } from '../query/selector.ts'
import { windowOf, type QueryAnswer, type RangeQuery } from '../query/series-query.ts'
import { rollupMs } from './compact.ts'
import { tiers } from './database.ts'
import type { SeriesIndex } from './series-index.ts'
import { readRaw, readRollup, type StoreView } from './store-reader.ts'

/** How long a query may hold the event loop before it lets others run. */
const sliceMs = 8

/** Answers a range query from one view of the store. Throws the signal's reason when it is aborted. */
export const evaluate = async (view: StoreView, index: SeriesIndex, query: RangeQuery, signal?: AbortSignal): Promise<QueryAnswer> => {
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
  const pause = async () => {
    await setImmediate()
    signal?.throwIfAborted()
    began = performance.now()
  }
  const breathe = () => (performance.now() - began < sliceMs ? undefined : pause())

  function* select(matchers: readonly Matcher[]): Generator<QueriedSeries> {
    for (const id of index.select(matchers)) {
      yield {
        labels: index.labelsOf(id)!,
        over: (at, options, withStale) => {
          const after = at[0]! - options.windowMs
          const until = at[at.length - 1]!
          if (bucketMs > 0) return overRollup(readRollup(watched, id, bucketMs, after, until), at, options)
          const { times, values } = readRaw(watched, id, after, until)
          return overSamples(times, values)(at, options, withStale)
        },
      }
    }
  }
  const answer = await answerQuery(query, { select, leastWindowMs: bucketMs, breathe })
  return { ...answer, resolutionMs: bucketMs, problems }
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
