import { seriesKey } from '../collect.ts'
import type { Labels } from '../metric-family.ts'
import { without } from '../query/combine.ts'
import { fillTemplate } from './alert-template.ts'
import type { ActiveSeries } from './condition.ts'
import type { AlertDefinition, AlertSeverity } from './define-alert.ts'

/** One alert about one series. */
export interface ActiveAlert {
  /** The definition's name. */
  readonly alert: string
  /** How bad it is. */
  readonly severity: AlertSeverity
  /** `pending` until it was active for `forMs`, then `firing`; `resolved` when it has ended. */
  readonly state: 'pending' | 'firing' | 'resolved'
  /** The labels of its series and its own, with `alertname` and `severity`. */
  readonly labels: Labels
  /** The value when it was last active. */
  readonly value: number
  /** Since when it is active, epoch milliseconds. */
  readonly activeAt: number
  /** Since when it fires, epoch milliseconds. */
  readonly firedAt?: number
  /** Since when it fires though it is no longer active, epoch milliseconds. */
  readonly keptSince?: number
  /** When it ended, epoch milliseconds. */
  readonly resolvedAt?: number
  /** The line for a person, filled in. */
  readonly summary: string
  /** The description, filled in. */
  readonly description?: string
  /** Whether a firing was notified, so that its end must be too. */
  readonly notified?: boolean
}

/** The labels of an alert about a series. */
export const alertLabels = (alert: AlertDefinition, series: Labels): Labels =>
  ({ ...without(series, '__name__'), ...alert.labels, alertname: alert.name, severity: alert.severity })

/** Resolved alerts are remembered for a quarter of an hour, as in Prometheus. */
const resolvedRetentionMs = 900_000

/**
 * One evaluation step of one alert, as Prometheus' alerting rules do it.
 *
 * @param before The alert's instances after the last step, by the key of their labels.
 * @param active The series for which the condition holds now.
 * @param at The moment, epoch milliseconds.
 */
export const stepAlert = (alert: AlertDefinition, before: ReadonlyMap<string, ActiveAlert>, active: readonly ActiveSeries[], at: number): Map<string, ActiveAlert> => {
  const { forMs = 0, keepFiringForMs = 0 } = alert
  const after = new Map(before)
  const holds = new Set<string>()
  for (const { labels: series, value } of active) {
    const labels = alertLabels(alert, series)
    const key = seriesKey(labels)
    holds.add(key)
    const known = after.get(key)
    const texts = {
      summary: fillTemplate(alert.summary, without(series, '__name__'), value),
      ...(alert.description === undefined ? {} : { description: fillTemplate(alert.description, without(series, '__name__'), value) }),
    }
    if (known && known.state !== 'resolved') {
      const { keptSince: _, ...rest } = known
      after.set(key, { ...rest, value, ...texts })
    } else {
      after.set(key, { alert: alert.name, severity: alert.severity, state: 'pending', labels, value, activeAt: at, ...texts })
    }
  }
  for (const [key, one] of after) {
    if (holds.has(key)) {
      if (one.state === 'pending' && at - one.activeAt >= forMs) after.set(key, { ...one, state: 'firing', firedAt: at })
      continue
    }
    const kept = one.state === 'firing' && keepFiringForMs > 0 && at - (one.keptSince ?? at) < keepFiringForMs
    if (kept) after.set(key, { ...one, keptSince: one.keptSince ?? at })
    else if (one.state === 'pending' || (one.resolvedAt !== undefined && at - one.resolvedAt > resolvedRetentionMs)) after.delete(key)
    else if (one.state === 'firing') after.set(key, { ...one, state: 'resolved', resolvedAt: at })
  }
  return after
}
