import { join } from 'node:path'
import { fail, type HiveError, type Result } from '@hivekit/errors'
import {
  alertFile, createAlerts, hiveAlerts, openSeriesStore,
  type ActiveAlert, type AlertNotification, type Alerts, type MetricFamily, type QueryAnswer, type RangeQuery, type SeriesStore,
} from '@hivekit/metrics'

/** What the figures of a hive were, and the alerts that watch them. */
export interface HiveHistory extends AsyncDisposable {
  /** Reads what was kept. Fails with `invalid_argument` when the query is none. */
  query(query: RangeQuery, signal?: AbortSignal): Promise<Result<QueryAnswer, HiveError>>
  /** Pending, firing and lately resolved alerts. */
  alerts(): readonly WatchedAlert[]
}

/** An alert, and why nobody is told of it. */
export type WatchedAlert = ActiveAlert & { readonly muted?: 'silenced' | 'inhibited' }

export interface HiveHistoryOptions {
  readonly dataDir: string
  /** From one scrape to the next. */
  readonly scrapeMs: number
  readonly collect: () => readonly MetricFamily[]
  /** Takes lines for whoever reads the hive's log. */
  readonly print: (line: string) => void
}

/**
 * Keeps the figures of a hive in `metrics.db` and its alerts in `alerts.json`. A hive does its work without it: what fails here is
 * said once, and tried again at the next scrape.
 */
export const createHiveHistory = ({ dataDir, scrapeMs, collect, print }: HiveHistoryOptions): HiveHistory => {
  let store: SeriesStore | undefined
  let alerts: Alerts | undefined
  let failure: string | undefined

  const scrape = async () => {
    const at = Date.now()
    store ??= orThrow(await openSeriesStore({ path: join(dataDir, 'metrics.db'), onProblem: ({ reason }) => print(`A part of metrics.db cannot be read: ${reason}`) }))
    orThrow(await store.append(collect(), { at }))
    alerts ??= await watch(store, dataDir, print)
    orThrow(await alerts.evaluate({ at }))
  }
  const tick = async () => {
    try {
      await scrape()
      if (failure !== undefined) print('Figures are kept again.')
      failure = undefined
    } catch (error) {
      const { message } = error as Error
      if (failure === undefined) print(`Figures are not kept: ${message}`)
      failure = message
    }
    if (!closed) timer = setTimeout(begin, scrapeMs).unref()
  }
  const begin = () => void (running = tick())
  let closed = false
  let running: Promise<void> = Promise.resolve()
  let timer = setTimeout(begin, 0).unref()

  return {
    query: async (query, signal) => {
      if (!store) return fail('unavailable', failure ?? 'Nothing was measured yet.', { retryAfterMs: scrapeMs })
      try {
        return await store.query(query, signal ? { signal } : {})
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof RangeError)) throw error
        return fail('invalid_argument', error.message, { cause: error })
      }
    },
    alerts: () => (alerts?.active() ?? []).map(alert => {
      const muted = alerts?.muted(alert)
      return { ...alert, ...(muted === undefined ? {} : { muted }) }
    }),
    [Symbol.asyncDispose]: async () => {
      closed = true
      clearTimeout(timer)
      await running
      await store?.[Symbol.asyncDispose]()
    },
  }
}

/** The alerts as they were when the hive last stopped; as new when that cannot be read. */
const watch = async (history: SeriesStore, dataDir: string, print: (line: string) => void): Promise<Alerts> => {
  const memory = alertFile(join(dataDir, 'alerts.json'))
  const options = { alerts: hiveAlerts(), history, onNotify: ({ state, alert }: AlertNotification) => print(`Alert ${alert.alert} ${state}: ${alert.summary}`) }
  try {
    return await createAlerts({ ...options, memory })
  } catch (error) {
    print(`alerts.json cannot be read, alerts begin anew: ${(error as Error).message}`)
    return createAlerts({ ...options, memory: { ...memory, load: async () => undefined } })
  }
}

const orThrow = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}
