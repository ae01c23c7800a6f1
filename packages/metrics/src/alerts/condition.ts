import { seriesKey } from '../collect.ts'
import type { Labels } from '../metric-family.ts'
import { numberText } from '../text-format.ts'
import { without } from '../query/combine.ts'
import { durationText, toPromQL } from '../query/promql.ts'
import { parseSelector, selectorText } from '../query/selector.ts'
import type { SeriesQuery } from '../query/series-query.ts'
import { pageWindows, type AlertCondition, type AlertDefinition, type Comparison } from './define-alert.ts'

/** One series for which a condition holds. */
export interface ActiveSeries {
  /** Its labels, with `__name__` where the query keeps it. */
  readonly labels: Labels
  /** The value that is beyond the border; 1 for an absence. */
  readonly value: number
}

/** Asks a query for the values at one moment. */
export type ReadNow = (query: SeriesQuery) => Promise<readonly ActiveSeries[]>

/** What a condition is made of: its evaluation and its PromQL follow the same tree. */
type Expression =
  | { readonly is: 'compare'; readonly query: SeriesQuery; readonly op: Comparison; readonly value: number }
  | { readonly is: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'firing'; readonly of: Expression }
  | { readonly is: 'absent'; readonly match: string; readonly windowMs: number }

const compare = (query: SeriesQuery, op: Comparison, value: number): Expression => ({ is: 'compare', query, op, value })

const expressionOf = (condition: AlertCondition): Expression => {
  switch (condition.kind) {
    case 'threshold': return withHysteresis(condition.query, condition)
    case 'rate': {
      const { match, windowMs, aggregate, by } = condition
      return withHysteresis({ match, fn: 'rate', windowMs, ...(aggregate ? { aggregate } : {}), ...(by ? { by } : {}) }, condition)
    }
    case 'forecast': {
      const { match, windowMs, aheadMs, op, value } = condition
      return compare({ match, fn: 'forecast', windowMs, aheadMs }, op, value)
    }
    case 'absence': return { is: 'absent', match: condition.match, windowMs: condition.windowMs }
    case 'burn-rate': {
      const { errors, total, objective, by = [], windows = pageWindows } = condition
      const part = (match: string, windowMs: number): SeriesQuery => ({ match, fn: 'rate', windowMs, aggregate: 'sum', by })
      // 1 − 0.999 is not 0.001 in binary; twelve digits are.
      const budget = Number((1 - objective).toPrecision(12))
      const burns = (windowMs: number, factor: number) =>
        compare({ ...part(errors, windowMs), per: part(total, windowMs) }, '>', Number((factor * budget).toPrecision(12)))
      return windows.map(({ longMs, shortMs, factor }): Expression => ({ is: 'and', left: burns(longMs, factor), right: burns(shortMs, factor) }))
        .reduce((left, right) => ({ is: 'or', left, right }))
    }
  }
}

const withHysteresis = (query: SeriesQuery, { op, value, clearValue }: { readonly op: Comparison; readonly value: number; readonly clearValue?: number }): Expression => {
  const beyond = compare(query, op, value)
  return clearValue === undefined ? beyond : { is: 'or', left: beyond, right: { is: 'firing', of: compare(query, op, clearValue) } }
}

const comparisons: Readonly<Record<Comparison, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b, '>=': (a, b) => a >= b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '==': (a, b) => a === b, '!=': (a, b) => a !== b,
}

const keyOf = (labels: Labels) => seriesKey(without(labels, '__name__'))

/**
 * Finds the series for which a condition holds.
 *
 * @param isFiring Whether the alert of a series, found by its labels without a name, was firing after the last evaluation.
 */
export const activeSeries = (condition: AlertCondition, read: ReadNow, isFiring: (labels: Labels) => boolean): Promise<readonly ActiveSeries[]> => {
  const evaluate = async (expression: Expression): Promise<readonly ActiveSeries[]> => {
    switch (expression.is) {
      case 'compare': {
        const { query, op, value } = expression
        return (await read(query)).filter(series => comparisons[op](series.value, value))
      }
      case 'and': {
        const [left, right] = [await evaluate(expression.left), await evaluate(expression.right)]
        const partners = new Set(right.map(series => keyOf(series.labels)))
        return left.filter(series => partners.has(keyOf(series.labels)))
      }
      case 'or': {
        const [left, right] = [await evaluate(expression.left), await evaluate(expression.right)]
        const taken = new Set(left.map(series => keyOf(series.labels)))
        return [...left, ...right.filter(series => !taken.has(keyOf(series.labels)))]
      }
      case 'firing': return (await evaluate(expression.of)).filter(series => isFiring(without(series.labels, '__name__')))
      case 'absent': {
        const { match, windowMs } = expression
        const found = await read({ match, fn: 'count', windowMs })
        return found.length > 0 ? [] : [{ labels: absentLabels(match), value: 1 }]
      }
    }
  }
  return evaluate(expressionOf(condition))
}

/** An absence has the labels that its selector asks for by `=` and asks for once. */
const absentLabels = (match: string): Labels => {
  const matchers = parseSelector(match)
  const alone = matchers.filter(m => m.op === '=' && m.name !== '__name__' && matchers.filter(other => other.name === m.name).length === 1)
  return Object.fromEntries(alone.map(m => [m.name, m.value]))
}

/** Writes an alert's condition as PromQL. */
export const conditionPromQL = (alert: AlertDefinition): string => {
  const write = (expression: Expression): string => {
    switch (expression.is) {
      case 'compare': {
        const { query, op, value } = expression
        return `${query.per ? `(${toPromQL(query)})` : toPromQL(query)} ${op} ${numberText(value)}`
      }
      case 'and':
      case 'or': return `(${write(expression.left)}) ${expression.is} (${write(expression.right)})`
      case 'firing': {
        const own = ['alertname', 'alertstate', 'severity', ...Object.keys(alert.labels ?? {})]
        return `${write(expression.of)} and ignoring (${own.join(', ')}) ALERTS{alertname="${alert.name}",alertstate="firing"}`
      }
      case 'absent': return `absent_over_time(${selectorText(parseSelector(expression.match))}[${durationText(expression.windowMs)}])`
    }
  }
  return write(expressionOf(alert.condition))
}
