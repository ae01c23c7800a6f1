import { z } from 'zod'
import { parseSelector } from '../query/selector.ts'
import { checkQuery, type SeriesQuery } from '../query/series-query.ts'

const name = z.string().regex(/^[a-z][a-z0-9-]*$/).describe('Lower case letters, digits and hyphens.')
const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]*$/)
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)

const plainQuery = {
  match: z.string().min(1).describe('A PromQL selector; $name stands for a variable inside =~ or =.'),
  fn: z.enum(['last', 'rate', 'increase', 'delta', 'avg', 'min', 'max', 'sum', 'count', 'forecast']).optional().describe('What is made of each window. Default last.'),
  windowMs: z.number().positive().optional().describe('How far back each moment looks, milliseconds.'),
  aheadMs: z.number().optional().describe('How far ahead forecast looks, milliseconds.'),
  aggregate: z.enum(['sum', 'avg', 'min', 'max', 'count']).optional().describe('How series become one.'),
  by: z.array(label).optional().describe('Labels that stay apart.'),
  quantile: z.number().min(0).max(1).optional().describe('A quantile of a classic histogram.'),
}
const panelQuery = z.strictObject({
  ...plainQuery,
  per: z.strictObject(plainQuery).optional().describe('Divides by another query.'),
  legend: z.string().optional().describe('What each line is called; {{label}} stands for a label. Default: its labels.'),
})

const panel = z.strictObject({
  title: z.string().min(1),
  description: z.string().optional().describe('What a reader should look for.'),
  kind: z.enum(['time-series', 'stat', 'gauge', 'table', 'heat-map', 'state-timeline']),
  queries: z.array(panelQuery).min(1),
  unit: z.enum(['count', 'per-second', 'seconds', 'bytes', 'ratio', 'percent', 'celsius', 'boolean']).default('count').describe('Seconds and bytes are base units; ratio is 0 to 1, percent 0 to 100.'),
  decimals: z.int().min(0).max(10).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  stacked: z.boolean().optional().describe('Lines of a time series stand on each other.'),
  thresholds: z.array(z.strictObject({
    from: z.number().describe('From this value on.'),
    level: z.enum(['ok', 'warning', 'critical']),
  })).optional().describe('By rising value; below the first one is ok.'),
  states: z.record(z.string(), z.string()).optional().describe('What values are called on a state timeline, for instance { "1": "up" }.'),
  alerts: z.array(z.string()).optional().describe('The names of the alerts that watch this.'),
  width: z.int().min(1).max(24).default(12).describe('Of 24 columns.'),
  height: z.int().min(2).max(40).default(8).describe('In rows of about 30 pixels.'),
  row: z.string().optional().describe('Begins a new row with this title.'),
})

const dashboard = z.strictObject({
  $schema: z.string().optional(),
  name,
  title: z.string().min(1),
  description: z.string().optional(),
  rangeMs: z.number().positive().default(21_600_000).describe('How far back it looks at first, milliseconds.'),
  refreshMs: z.number().positive().default(30_000).describe('How often it is read again, milliseconds.'),
  variables: z.array(z.strictObject({
    name: variableName,
    title: z.string().optional(),
    match: z.string().min(1).describe('The series whose label is listed.'),
    label: label.describe('The label whose values can be chosen.'),
    multiple: z.boolean().default(true),
  })).default([]),
  panels: z.array(panel).min(1),
})

/** A dashboard as it is written: what has a default may be left out. */
export type DashboardInput = z.input<typeof dashboard>
/** A dashboard with every default filled in. */
export type Dashboard = z.output<typeof dashboard>
/** One panel of a dashboard. */
export type Panel = z.output<typeof panel>
/** One query of a panel. */
export type PanelQuery = z.output<typeof panelQuery>

/**
 * The JSON Schema of a dashboard (draft 2020-12), for editors and for other languages.
 *
 * @example
 * ```ts
 * import { dashboardJsonSchema } from '@hivekit/metrics'
 *
 * dashboardJsonSchema().required // ['name', 'title', 'panels']
 * ```
 */
export const dashboardJsonSchema = (): Readonly<Record<string, unknown>> =>
  ({ ...z.toJSONSchema(dashboard, { io: 'input' }), $id: 'https://hivekit.dev/schema/dashboard.json', title: 'hivekit dashboard' })

/**
 * Checks a dashboard and fills its defaults in.
 *
 * @throws TypeError that lists what is wrong and where.
 *
 * @example
 * ```ts
 * import { defineDashboard } from '@hivekit/metrics'
 *
 * const dashboard = defineDashboard({
 *   name: 'queue', title: 'The queue',
 *   panels: [{ title: 'Waiting', kind: 'time-series', queries: [{ match: 'queue_length', aggregate: 'sum' }] }],
 * })
 * dashboard.panels[0].width // 12
 * ```
 */
export const defineDashboard = (input: DashboardInput): Dashboard => {
  const parsed = dashboard.safeParse(input)
  if (!parsed.success) throw new TypeError(`The dashboard is not as the schema says:\n${z.prettifyError(parsed.error)}`)
  const known = new Set(parsed.data.variables.map(variable => variable.name))
  for (const { title, queries } of parsed.data.panels) {
    for (const query of queries) {
      const used = [...query.match.matchAll(variableUse)].map(([, one]) => one!)
      const unknown = used.find(one => !known.has(one))
      if (unknown) throw new TypeError(`The panel "${title}" uses the variable $${unknown}, which the dashboard does not have.`)
      const plain = seriesQueryOf(query)
      parseSelector(plain.match)
      checkQuery(plain)
      if (plain.per) parseSelector(plain.per.match)
    }
  }
  for (const variable of parsed.data.variables) parseSelector(variable.match)
  return parsed.data
}

/** Where a selector names a variable: `$name` or `${name}`. */
export const variableUse = /\$\{?([a-zA-Z][a-zA-Z0-9_]*)\}?/g

/** A panel's query without what only a panel knows. */
export const seriesQueryOf = (query: PanelQuery): SeriesQuery => {
  const { per, legend: _, ...rest } = query
  return definedOnly({ ...rest, ...(per ? { per: definedOnly(per) } : {}) }) as unknown as SeriesQuery
}

const definedOnly = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T

/** Panels with their places on 24 columns: they flow as words do, and a row begins a line. */
export const layOut = ({ panels }: Dashboard): readonly { readonly panel: Panel; readonly x: number; readonly y: number; readonly row?: string }[] => {
  let x = 0
  let y = 0
  let tallest = 0
  return panels.map(panel => {
    const { row, width, height } = panel
    if (row !== undefined || x + width > 24) {
      x = 0
      y += tallest + (row === undefined ? 0 : 1)
      tallest = 0
    }
    const place = { panel, x, y, ...(row === undefined ? {} : { row }) }
    x += width
    tallest = Math.max(tallest, height)
    return place
  })
}
