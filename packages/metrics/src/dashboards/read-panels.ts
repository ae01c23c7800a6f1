import { ok, type HiveError, type Result } from '@hivekit/errors'
import type { Labels } from '../metric-family.ts'
import type { SeriesPoints } from '../query/series-query.ts'
import type { MetricHistory } from '../store/series-store.ts'
import { seriesQueryOf, variableUse, type Dashboard, type Panel } from './dashboard-schema.ts'

/** Which values of a dashboard's variables are looked at. A variable that is not named means all its values. */
export type VariableChoice = Readonly<Record<string, string | readonly string[]>>

/** Over which stretch a dashboard is read. */
export interface ReadDashboardOptions {
  /** From when, epoch milliseconds. Default: the dashboard's range before `to`. */
  readonly from?: number
  /** Until when, epoch milliseconds. Default: the clock. */
  readonly to?: number
  /** From one moment to the next, milliseconds. Default: a 240th of the stretch, at least 1 second. */
  readonly stepMs?: number
  /** The values of variables. */
  readonly variables?: VariableChoice
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number
  /** Cancels the reading. */
  readonly signal?: AbortSignal
}

/** One line of a panel. */
export interface PanelLine {
  /** What it is called. */
  readonly name: string
  /** Its labels. */
  readonly labels: Labels
  /** A value at each moment; NaN where there is none. */
  readonly values: Float64Array
}

/** A panel with what it shows. */
export interface PanelData {
  /** The panel. */
  readonly panel: Panel
  /** Its lines, query by query. */
  readonly lines: readonly PanelLine[]
  /** What could not be read, in words. */
  readonly problems: readonly string[]
}

/** A dashboard with what it shows. */
export interface DashboardData {
  /** The dashboard. */
  readonly dashboard: Dashboard
  /** The moments, epoch milliseconds. */
  readonly times: Float64Array
  /** Its panels. */
  readonly panels: readonly PanelData[]
}

const escapePattern = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** Puts the chosen values in the place of variables: several become `a|b`, none `.*`; use them in `=~`. */
export const fillVariables = (match: string, variables: VariableChoice): string =>
  match.replaceAll(variableUse, (_, name: string) => {
    const chosen = variables[name]
    if (chosen === undefined) return '.*'
    const pattern = (typeof chosen === 'string' ? [chosen] : chosen).map(escapePattern).join('|')
    return JSON.stringify(pattern).slice(1, -1)
  })

const fillLegend = (legend: string | undefined, { labels }: SeriesPoints): string => {
  if (legend !== undefined) return legend.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? '')
  const { __name__: metric = '', ...rest } = labels
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${value}`).join(', ')
  return pairs === '' ? metric || 'value' : metric === '' ? pairs : `${metric} ${pairs}`
}

/** Asks a history for everything that a dashboard shows. */
export const readDashboard = async (
  dashboard: Dashboard, history: Pick<MetricHistory, 'query'>, options: ReadDashboardOptions = {},
): Promise<Result<DashboardData, HiveError>> => {
  const { clock = Date.now, variables = {}, signal } = options
  const to = options.to ?? clock()
  const from = options.from ?? to - dashboard.rangeMs
  const stepMs = options.stepMs ?? Math.max(1000, Math.ceil((to - from) / 240 / 1000) * 1000)
  const panels: PanelData[] = []
  let times = new Float64Array(0)
  for (const panel of dashboard.panels) {
    const lines: PanelLine[] = []
    const problems: string[] = []
    for (const query of panel.queries) {
      const plain = seriesQueryOf(query)
      const answer = await history.query({
        ...plain,
        match: fillVariables(plain.match, variables),
        ...(plain.per ? { per: { ...plain.per, match: fillVariables(plain.per.match, variables) } } : {}),
        from, to, stepMs,
      }, signal ? { signal } : {})
      if (answer.isErr()) return answer.map(value => value as never)
      times = new Float64Array(answer.value.times)
      problems.push(...answer.value.problems)
      lines.push(...answer.value.series.map(line => ({ name: fillLegend(query.legend, line), labels: line.labels, values: line.values })))
    }
    panels.push({ panel, lines, problems })
  }
  return ok({ dashboard, times, panels })
}
