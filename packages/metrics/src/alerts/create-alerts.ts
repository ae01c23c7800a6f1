import { fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { Labels } from '../metric-family.ts'
import { matchesAll, parseSelector } from '../query/selector.ts'
import type { MetricHistory } from '../store/series-store.ts'
import type { AlertMemory } from './alert-memory.ts'
import { seriesKey } from '../collect.ts'
import { alertLabels, stepAlert, type ActiveAlert } from './alert-state.ts'
import { activeSeries, type ReadNow } from './condition.ts'
import { defineAlert, type AlertDefinition } from './define-alert.ts'

/** News about an alert. Told once for each change of state; after a crash in between, it may come a second time with the same id. */
export interface AlertNotification {
  /** The same for the same change, so that a receiver can drop a repetition. */
  readonly id: string
  /** What happened. */
  readonly state: 'firing' | 'resolved'
  /** The alert as it is now. */
  readonly alert: ActiveAlert
}

/** Quiet for chosen alerts until a moment. */
export interface AlertSilence {
  /** Its id. */
  readonly id: string
  /** A selector of the alerts' labels: `{alertname="QueueTooLong",bot="keeper"}`. */
  readonly match: string
  /** When it ends, epoch milliseconds. */
  readonly until: number
  /** Who wanted it and why. */
  readonly comment: string
}

/** Options of {@link createAlerts}. */
export interface AlertsOptions {
  /** The alerts; names must differ. */
  readonly alerts: readonly AlertDefinition[]
  /** What they are asked of. */
  readonly history: Pick<MetricHistory, 'query'>
  /** Told of each firing and each end that is neither silenced nor inhibited. When it rejects, it is told again at the next evaluation. */
  readonly onNotify?: (notification: AlertNotification) => void | Promise<void>
  /** Where state outlives the process. Default: nowhere. */
  readonly memory?: AlertMemory
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number
}

/** The embedded evaluator of alerts. */
export interface Alerts {
  /**
   * Evaluates every alert at a moment, default now; call it after each scrape. Moments must rise. Evaluations do not overlap: a
   * second call waits for the first.
   *
   * Fails with `dependency_failed` when a query failed: those alerts keep their state, the others are stepped.
   */
  evaluate(options?: { readonly at?: number; readonly signal?: AbortSignal }): Promise<Result<readonly ActiveAlert[], HiveError>>
  /** Pending, firing and lately resolved alerts. */
  active(): readonly ActiveAlert[]
  /** Makes alerts quiet; they go on changing their state. */
  silence(silence: Omit<AlertSilence, 'id'>): Promise<AlertSilence>
  /** Ends a silence; tells whether there was one. */
  unsilence(id: string): Promise<boolean>
  /** The silences that have not ended. */
  silences(): readonly AlertSilence[]
  /** Whether an alert is quiet now, and why. */
  muted(alert: ActiveAlert): 'silenced' | 'inhibited' | undefined
  /** What is watched. */
  readonly definitions: readonly AlertDefinition[]
}

interface SavedState {
  readonly version: 1
  readonly alerts: readonly ActiveAlert[]
  readonly silences: readonly AlertSilence[]
  readonly waiting: readonly AlertNotification[]
}

/**
 * Makes the embedded evaluator. Its states are those that Prometheus' alerting rules would have; it needs no server.
 *
 * @example
 * ```ts
 * import { createAlerts, createMemoryHistory, defineAlert } from '@hivekit/metrics'
 *
 * const history = createMemoryHistory()
 * const told = []
 * const alerts = await createAlerts({
 *   history,
 *   alerts: [defineAlert({
 *     name: 'Hot', severity: 'critical', summary: 'It is {{ $value }} °C',
 *     condition: { kind: 'threshold', query: { match: 'room_celsius' }, op: '>', value: 30 },
 *   })],
 *   onNotify: ({ state, alert }) => { told.push(`${state}: ${alert.summary}`) },
 * })
 * await history.append([{ name: 'room_celsius', help: 'Heat.', type: 'gauge', samples: [{ labels: {}, value: 31 }] }], { at: 1000 })
 * await alerts.evaluate({ at: 1000 })
 * told // ['firing: It is 31 °C']
 * ```
 */
export const createAlerts = async (options: AlertsOptions): Promise<Alerts> => {
  const { alerts, history, onNotify, memory, clock = Date.now } = options
  for (const alert of alerts) defineAlert(alert)
  const twice = alerts.find((alert, i) => alerts.findIndex(other => other.name === alert.name) !== i)
  if (twice) throw new TypeError(`Two alerts have the name "${twice.name}".`)
  const definitions = [...alerts]
  const byName = new Map(definitions.map(alert => [alert.name, alert]))
  const instances = new Map<string, ReadonlyMap<string, ActiveAlert>>()
  let silences: AlertSilence[] = []
  let waiting: AlertNotification[] = []
  let now = -Infinity
  let turn: Promise<unknown> = Promise.resolve()

  const saved = await memory?.load()
  if (saved !== undefined) {
    const state = JSON.parse(saved) as SavedState
    if (state.version !== 1) throw new TypeError(`Expected a saved state of version 1; got ${String(state.version)}.`)
    for (const alert of state.alerts) {
      if (byName.has(alert.alert)) instances.set(alert.alert, new Map([...(instances.get(alert.alert) ?? []), [seriesKey(alert.labels), alert]]))
    }
    silences = [...state.silences]
    waiting = [...state.waiting]
  }

  const all = () => [...instances.values()].flatMap(ones => [...ones.values()])
  const save = () => memory?.save(JSON.stringify({ version: 1, alerts: all(), silences, waiting } satisfies SavedState))

  const muted = (alert: ActiveAlert): 'silenced' | 'inhibited' | undefined => {
    const time = Math.max(now, clock())
    if (silences.some(silence => silence.until > time && matchesAll(parseSelector(silence.match))(alert.labels))) return 'silenced'
    const inhibited = byName.get(alert.alert)?.inhibitedBy?.some(({ alert: name, equal = [] }) =>
      [...(instances.get(name)?.values() ?? [])].some(other => other.state === 'firing' && equal.every(label => (other.labels[label] ?? '') === (alert.labels[label] ?? ''))))
    return inhibited ? 'inhibited' : undefined
  }

  /** Puts what must be told in the queue, and marks it as told in the same save. */
  const enqueue = () => {
    for (const [name, ones] of instances) {
      for (const [key, alert] of ones) {
        const state = alert.state === 'firing' && !alert.notified ? 'firing' : alert.state === 'resolved' && alert.notified ? 'resolved' : undefined
        if (!state || (state === 'firing' && muted(alert))) continue
        const told = { ...alert, notified: state === 'firing' }
        instances.set(name, new Map([...instances.get(name)!, [key, told]]))
        waiting.push({ id: `${state}:${alert.firedAt}:${key}`, state, alert: told })
      }
    }
  }

  const deliver = async () => {
    while (waiting.length > 0) {
      try {
        await onNotify?.(waiting[0]!)
      } catch {
        return // told again at the next evaluation
      }
      waiting.shift()
      await save()
    }
  }

  const step = async (at: number, signal: AbortSignal | undefined): Promise<Result<readonly ActiveAlert[], HiveError>> => {
    if (at < now) throw new RangeError(`Expected moments that rise; got ${at} after ${now}.`)
    now = at
    const failures: HiveError[] = []
    const readAt: ReadNow = async query => {
      const answer = await history.query({ ...query, from: at, to: at, stepMs: 60_000 }, signal ? { signal } : {})
      if (answer.isErr()) throw answer.error
      return answer.value.series.map(({ labels, values }) => ({ labels, value: values[0]! }))
    }
    // Hysteresis looks at the states after the last evaluation, as Prometheus reads its ALERTS of then.
    const before = new Map(instances)
    for (const alert of definitions) {
      const known = before.get(alert.name) ?? new Map<string, ActiveAlert>()
      const isFiring = (labels: Labels) => known.get(seriesKey(alertLabels(alert, labels)))?.state === 'firing'
      try {
        instances.set(alert.name, stepAlert(alert, known, await activeSeries(alert.condition, readAt, isFiring), at))
      } catch (error) {
        failures.push(error as HiveError)
      }
    }
    silences = silences.filter(silence => silence.until > at)
    enqueue()
    await save()
    await deliver()
    const [failure] = failures
    if (failure) return fail('dependency_failed', `${failures.length} of ${definitions.length} alerts could not be evaluated: ${failure.message}`, { cause: failure })
    return ok(all())
  }

  /** One thing at a time: each waits for the one before. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const mine = turn.then(run, run)
    turn = mine.catch(() => {})
    return mine
  }

  return {
    definitions,
    evaluate: ({ at = clock(), signal } = {}) => inTurn(() => step(at, signal)),
    active: all,
    muted,
    silences: () => silences.filter(silence => silence.until > Math.max(now, clock())),
    silence: silence => inTurn(async () => {
      parseSelector(silence.match)
      const made = { ...silence, id: crypto.randomUUID() }
      silences.push(made)
      await save()
      return made
    }),
    unsilence: id => inTurn(async () => {
      const found = silences.some(silence => silence.id === id)
      silences = silences.filter(silence => silence.id !== id)
      if (found) await save()
      return found
    }),
  }
}
