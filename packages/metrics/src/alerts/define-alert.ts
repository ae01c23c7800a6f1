import type { Labels } from '../metric-family.ts'
import { parseSelector } from '../query/selector.ts'
import { checkQuery, type Aggregation, type SeriesQuery } from '../query/series-query.ts'
import { checkTemplate } from './alert-template.ts'

/** How a value is compared. */
export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

/** How bad it is. */
export type AlertSeverity = 'info' | 'warning' | 'critical'

/** A value beyond a border, for each series of a query. */
export interface ThresholdCondition {
  /** Which condition this is. */
  readonly kind: 'threshold'
  /** What is compared. */
  readonly query: SeriesQuery
  /** How. */
  readonly op: Comparison
  /** The border. */
  readonly value: number
  /** Hysteresis: a firing alert goes on until the value is no longer beyond this border either. */
  readonly clearValue?: number
}

/** How fast a counter rises, per second. */
export interface RateCondition {
  /** Which condition this is. */
  readonly kind: 'rate'
  /** The counters. */
  readonly match: string
  /** Over how long, milliseconds. */
  readonly windowMs: number
  /** How series become one. Default: they stay apart. */
  readonly aggregate?: Aggregation
  /** The labels that stay apart. */
  readonly by?: readonly string[]
  /** How it is compared. */
  readonly op: Comparison
  /** The border, per second. */
  readonly value: number
  /** Hysteresis, as in a threshold. */
  readonly clearValue?: number
}

/** Nothing was measured. */
export interface AbsenceCondition {
  /** Which condition this is. */
  readonly kind: 'absence'
  /** What should be there; values it asks for by `=` become labels of the alert. */
  readonly match: string
  /** For how long there was nothing, milliseconds. */
  readonly windowMs: number
}

/** One pair of windows of a burn rate: the long one says that it matters, the short one that it goes on. */
export interface BurnWindow {
  /** Milliseconds. */
  readonly longMs: number
  /** Milliseconds. */
  readonly shortMs: number
  /** How many times faster than allowed the error budget is spent. */
  readonly factor: number
}

/** An error budget is being spent too fast: the multi-window, multi-burn-rate alert of the SRE Workbook, chapter 5. */
export interface BurnRateCondition {
  /** Which condition this is. */
  readonly kind: 'burn-rate'
  /** The counter of what failed. */
  readonly errors: string
  /** The counter of all that was tried. */
  readonly total: string
  /** The share that must succeed, for instance 0.999; above 0 and below 1. */
  readonly objective: number
  /** The labels that stay apart. Default: none. */
  readonly by?: readonly string[]
  /** Default {@link pageWindows}. */
  readonly windows?: readonly BurnWindow[]
}

/** A value that will be beyond a border if it goes on in a straight line. */
export interface ForecastCondition {
  /** Which condition this is. */
  readonly kind: 'forecast'
  /** The gauges. */
  readonly match: string
  /** The line is drawn through this window, milliseconds. */
  readonly windowMs: number
  /** How far ahead is looked, milliseconds. */
  readonly aheadMs: number
  /** How it is compared. */
  readonly op: Comparison
  /** The border. */
  readonly value: number
}

/** When an alert is active. */
export type AlertCondition = ThresholdCondition | RateCondition | AbsenceCondition | BurnRateCondition | ForecastCondition

/** Another alert that makes this one needless. */
export interface InhibitedBy {
  /** The name of the other alert. */
  readonly alert: string
  /** Labels that must be equal on both. Default: none, any firing of it inhibits. */
  readonly equal?: readonly string[]
}

/** One alert, for the embedded evaluator and for Prometheus alike. */
export interface AlertDefinition {
  /** A name such as `QueueTooLong`; unique, letters, digits and `_`. */
  readonly name: string
  /** How bad it is; becomes the label `severity`. */
  readonly severity: AlertSeverity
  /** When it is active. */
  readonly condition: AlertCondition
  /** For how long it must be active before it fires, milliseconds. Default 0. */
  readonly forMs?: number
  /** For how long it goes on firing when it is no longer active, milliseconds. Default 0. */
  readonly keepFiringForMs?: number
  /** Labels that it gets beside those of its series. */
  readonly labels?: Labels
  /** One line for a person. May hold `{{ $value }}`, `{{ $labels.name }}` and `{{ $value | humanize }}`. */
  readonly summary: string
  /** What it means and what to do; a template too. */
  readonly description?: string
  /** Where the steps to take are written. */
  readonly runbookUrl?: string
  /** Alerts whose firing makes this one silent. */
  readonly inhibitedBy?: readonly InhibitedBy[]
}

/** Windows for waking someone: 2 % of a month's budget in an hour, 5 % in six. */
export const pageWindows: readonly BurnWindow[] = [
  { longMs: 3_600_000, shortMs: 300_000, factor: 14.4 },
  { longMs: 21_600_000, shortMs: 1_800_000, factor: 6 },
]

/** Windows for a ticket: 10 % of a month's budget in three days. */
export const ticketWindows: readonly BurnWindow[] = [{ longMs: 259_200_000, shortMs: 21_600_000, factor: 1 }]

/**
 * Checks a definition and gives it back.
 *
 * @throws TypeError, RangeError that say what was expected.
 *
 * @example
 * ```ts
 * import { defineAlert } from '@hivekit/metrics'
 *
 * const alert = defineAlert({
 *   name: 'QueueTooLong',
 *   severity: 'warning',
 *   condition: { kind: 'threshold', query: { match: 'queue_length' }, op: '>', value: 100, clearValue: 80 },
 *   forMs: 60_000,
 *   summary: '{{ $labels.bot }} has {{ $value }} tasks waiting',
 * })
 * alert.name // 'QueueTooLong'
 * ```
 */
export const defineAlert = (alert: AlertDefinition): AlertDefinition => {
  const { name, condition, forMs = 0, keepFiringForMs = 0, labels = {}, summary, description } = alert
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw new TypeError(`Expected an alert's name of letters, digits and _; got ${JSON.stringify(name)}.`)
  if (!(forMs >= 0) || !(keepFiringForMs >= 0)) throw new RangeError(`Expected forMs and keepFiringForMs of ${name} from 0; got ${forMs}, ${keepFiringForMs}.`)
  const reserved = Object.keys(labels).find(label => label === 'alertname' || label === 'severity' || label === 'alertstate' || !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label))
  if (reserved !== undefined) throw new TypeError(`The label ${JSON.stringify(reserved)} of ${name} is reserved or not a label's name.`)
  checkTemplate(summary)
  if (description !== undefined) checkTemplate(description)
  checkCondition(condition)
  return alert
}

const checkCondition = (condition: AlertCondition): void => {
  switch (condition.kind) {
    case 'threshold':
      parseSelector(condition.query.match)
      checkQuery(condition.query)
      checkHysteresis(condition)
      return
    case 'rate':
      checkQuery({ ...condition, fn: 'rate' })
      parseSelector(condition.match)
      checkHysteresis(condition)
      return
    case 'forecast':
    case 'absence':
      checkQuery(condition.kind === 'forecast' ? { ...condition, fn: 'forecast' } : { match: condition.match, windowMs: condition.windowMs })
      parseSelector(condition.match)
      return
    case 'burn-rate':
      parseSelector(condition.errors)
      parseSelector(condition.total)
      if (!(condition.objective > 0 && condition.objective < 1)) throw new RangeError(`Expected an objective between 0 and 1; got ${condition.objective}.`)
      for (const { longMs, shortMs, factor } of condition.windows ?? []) {
        if (!(longMs > shortMs && shortMs > 0 && factor > 0)) throw new RangeError(`Expected longMs > shortMs > 0 and factor > 0; got ${longMs}, ${shortMs}, ${factor}.`)
      }
  }
}

const checkHysteresis = ({ op, value, clearValue }: { readonly op: Comparison; readonly value: number; readonly clearValue?: number }) => {
  if (Number.isNaN(value)) throw new RangeError('Expected a border that is a number; got NaN.')
  if (clearValue === undefined) return
  if (op === '==' || op === '!=' || !(op.startsWith('>') ? clearValue < value : clearValue > value)) {
    throw new RangeError(`Expected a clearValue on the quiet side of ${op} ${value}; got ${clearValue}.`)
  }
}
