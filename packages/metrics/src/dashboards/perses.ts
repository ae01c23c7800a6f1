import { toPromQL } from '../query/promql.ts'
import { layOut, seriesQueryOf, type Dashboard, type Panel } from './dashboard-schema.ts'

/** Options of {@link toPerses}. */
export interface PersesOptions {
  /** The project the dashboard belongs to. Default `hivekit`. */
  readonly project?: string
}

const colors = { ok: '#2e7d32', warning: '#b25e00', critical: '#c62828' } as const
const plugins = {
  'time-series': 'TimeSeriesChart', stat: 'StatChart', gauge: 'GaugeChart', table: 'TimeSeriesTable', 'heat-map': 'HeatMapChart', 'state-timeline': 'StatusHistoryChart',
} as const satisfies Readonly<Record<Panel['kind'], string>>
const units: Readonly<Record<Panel['unit'], string>> = {
  count: 'decimal', 'per-second': 'counts/sec', seconds: 'seconds', bytes: 'bytes', ratio: 'percent-decimal', percent: 'percent', celsius: 'celsius', boolean: 'decimal',
}

/**
 * Compiles a dashboard to a Perses `Dashboard` resource.
 *
 * @example
 * ```ts
 * import { hiveDashboard, toPerses } from '@hivekit/metrics'
 *
 * toPerses(hiveDashboard()).kind // 'Dashboard'
 * ```
 */
export const toPerses = (dashboard: Dashboard, { project = 'hivekit' }: PersesOptions = {}) => {
  const placed = layOut(dashboard).map((place, i) => ({ ...place, key: `panel${i + 1}` }))
  const rows: { title: string | undefined; items: typeof placed }[] = []
  for (const place of placed) {
    if (rows.length === 0 || place.row !== undefined) rows.push({ title: place.row, items: [] })
    rows.at(-1)!.items.push(place)
  }
  return {
    kind: 'Dashboard' as const,
    metadata: { name: dashboard.name, project },
    spec: {
      display: { name: dashboard.title, ...(dashboard.description === undefined ? {} : { description: dashboard.description }) },
      // Perses reads one unit: 6h, not 1h30m.
      duration: `${Math.round(dashboard.rangeMs / 60_000)}m` as const,
      refreshInterval: `${Math.round(dashboard.refreshMs / 1000)}s` as const,
      variables: dashboard.variables.map(variable => ({
        kind: 'ListVariable' as const,
        spec: {
          name: variable.name,
          ...(variable.title === undefined ? {} : { display: { name: variable.title } }),
          allowAllValue: true,
          allowMultiple: variable.multiple,
          customAllValue: '.*',
          defaultValue: '$__all',
          plugin: { kind: 'PrometheusLabelValuesVariable', spec: { labelName: variable.label, matchers: [variable.match] } },
        },
      })),
      panels: Object.fromEntries(placed.map(({ panel, key }) => [key, {
        kind: 'Panel' as const,
        spec: {
          display: { name: panel.title, ...(panel.description === undefined ? {} : { description: panel.description }) },
          plugin: { kind: plugins[panel.kind], spec: pluginSpec(panel) },
          queries: panel.queries.map(query => ({
            kind: 'TimeSeriesQuery',
            spec: {
              plugin: {
                kind: 'PrometheusTimeSeriesQuery',
                spec: { query: toPromQL(seriesQueryOf(query)), ...(query.legend === undefined ? {} : { seriesNameFormat: query.legend }) },
              },
            },
          })),
          links: (panel.alerts ?? []).map(alert => ({ name: `Alert: ${alert}`, url: `/alerts?search=${encodeURIComponent(alert)}` })),
        },
      }])),
      layouts: rows.map(({ title, items }) => ({
        kind: 'Grid' as const,
        spec: {
          ...(title === undefined ? {} : { display: { title, collapse: { open: true } } }),
          items: items.map(({ panel, x, y, key }) => ({
            x, y: y - items[0]!.y, width: panel.width, height: panel.height, content: { $ref: `#/spec/panels/${key}` as const },
          })),
        },
      })),
    },
  }
}

const pluginSpec = (panel: Panel): Record<string, unknown> => {
  const format = { unit: units[panel.unit], ...(panel.decimals === undefined ? {} : { decimalPlaces: panel.decimals }) }
  const thresholds = panel.thresholds
    ? { thresholds: { mode: 'absolute', defaultColor: colors.ok, steps: panel.thresholds.map(({ from, level }) => ({ value: from, color: colors[level] })) } } : {}
  const axis = { format, ...(panel.min === undefined ? {} : { min: panel.min }), ...(panel.max === undefined ? {} : { max: panel.max }) }
  switch (panel.kind) {
    case 'time-series': return { yAxis: axis, legend: { position: 'bottom', mode: 'table', values: ['last', 'max'] }, visual: { lineWidth: 2, ...(panel.stacked ? { stack: 'all', areaOpacity: 0.25 } : {}) }, ...thresholds }
    case 'stat': return { calculation: 'last-number', format, sparkline: {}, ...thresholds }
    case 'gauge': return { calculation: 'last-number', format, ...(panel.max === undefined ? {} : { max: panel.max }), ...thresholds }
    case 'heat-map': return { yAxisFormat: format }
    case 'state-timeline': return panel.states
      ? { mappings: Object.entries(panel.states).map(([value, text]) => ({ kind: 'Value', spec: { value, result: { value: text } } })) } : {}
    case 'table': return {}
  }
}

