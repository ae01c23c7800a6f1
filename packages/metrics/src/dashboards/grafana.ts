import { durationText, toPromQL } from '../query/promql.ts'
import { layOut, seriesQueryOf, type Dashboard, type Panel } from './dashboard-schema.ts'
import { grafanaUnits } from './panel-unit.ts'

/** Options of the compilers to Grafana. */
export interface GrafanaOptions {
  /** The uid of the Prometheus data source. Default: a variable `datasource` that lets the reader choose. */
  readonly datasourceUid?: string
}

const colors = { ok: 'green', warning: 'orange', critical: 'red' } as const
const visualizations = {
  'time-series': 'timeseries', stat: 'stat', gauge: 'gauge', table: 'table', 'heat-map': 'heatmap', 'state-timeline': 'state-timeline',
} as const satisfies Readonly<Record<Panel['kind'], string>>

/**
 * Compiles a dashboard to Grafana's classic JSON model, for import by hand or by provisioning. Checked against `@grafana/schema` 13.
 *
 * @example
 * ```ts
 * import { hiveDashboard, toGrafana } from '@hivekit/metrics'
 *
 * const json = JSON.stringify(toGrafana(hiveDashboard()))
 * json.includes('"type":"timeseries"') // true
 * ```
 */
export const toGrafana = (dashboard: Dashboard, options: GrafanaOptions = {}) => {
  const datasource = { type: 'prometheus', uid: options.datasourceUid ?? '${datasource}' }
  let id = 0
  return {
    uid: dashboard.name,
    title: dashboard.title,
    ...(dashboard.description === undefined ? {} : { description: dashboard.description }),
    tags: ['hivekit'],
    schemaVersion: 41,
    editable: true,
    graphTooltip: 1,
    refresh: durationText(dashboard.refreshMs),
    time: { from: `now-${durationText(dashboard.rangeMs)}`, to: 'now' },
    templating: {
      list: [
        ...(options.datasourceUid === undefined ? [{ name: 'datasource', type: 'datasource' as const, query: 'prometheus', label: 'Data source' }] : []),
        ...dashboard.variables.map(variable => ({
          name: variable.name,
          ...(variable.title === undefined ? {} : { label: variable.title }),
          type: 'query' as const,
          datasource,
          query: { query: `label_values(${variable.match}, ${variable.label})`, refId: variable.name },
          refresh: 2,
          sort: 1,
          multi: variable.multiple,
          includeAll: true,
          allValue: '.*',
          current: { text: 'All', value: '$__all' },
        })),
      ],
    },
    panels: layOut(dashboard).flatMap(({ panel, x, y, row }) => [
      ...(row === undefined ? [] : [{ type: 'row' as const, id: ++id, title: row, collapsed: false, panels: [], gridPos: { x: 0, y: y - 1, w: 24, h: 1 } }]),
      {
        id: ++id,
        type: visualizations[panel.kind],
        title: panel.title,
        ...(panel.description === undefined ? {} : { description: panel.description }),
        datasource,
        gridPos: { x, y, w: panel.width, h: panel.height },
        targets: targetsOf(panel).map(target => ({ ...target, datasource })),
        fieldConfig: { defaults: fieldOf(panel), overrides: [] },
        options: optionsOf(panel),
        links: (panel.alerts ?? []).map(alert => ({
          title: `Alert: ${alert}`, type: 'link' as const, icon: 'bolt', tooltip: '', url: `/alerting/list?search=${encodeURIComponent(alert)}`,
          tags: [], asDropdown: false, targetBlank: false, includeVars: false, keepTime: true,
        })),
        ...(panel.kind === 'table' ? { transformations: [{ id: 'labelsToFields', options: {} }, { id: 'merge', options: {} }] } : {}),
      },
    ]),
  }
}

const isInstant = (kind: Panel['kind']) => kind === 'table'

/** `$__rate_interval` is Grafana's own window: it fits the step and the scrape interval. */
const targetsOf = (panel: Panel) => panel.queries.map((query, i) => ({
  refId: String.fromCharCode(65 + i),
  expr: toPromQL(seriesQueryOf(query)),
  legendFormat: query.legend ?? '__auto',
  editorMode: 'code',
  instant: isInstant(panel.kind),
  range: !isInstant(panel.kind),
  ...(panel.kind === 'heat-map' ? { format: 'heatmap' } : isInstant(panel.kind) ? { format: 'table' } : { format: 'time_series' }),
}))

const fieldOf = (panel: Panel) => ({
  unit: grafanaUnits[panel.unit],
  ...(panel.decimals === undefined ? {} : { decimals: panel.decimals }),
  ...(panel.min === undefined ? {} : { min: panel.min }),
  ...(panel.max === undefined ? {} : { max: panel.max }),
  color: { mode: panel.thresholds && panel.kind !== 'time-series' ? 'thresholds' as const : 'palette-classic' as const },
  thresholds: {
    mode: 'absolute' as const,
    steps: [{ value: null, color: colors.ok }, ...(panel.thresholds ?? []).map(({ from, level }) => ({ value: from, color: colors[level] }))],
  },
  ...(panel.states === undefined ? {} : {
    mappings: [{ type: 'value' as const, options: Object.fromEntries(Object.entries(panel.states).map(([value, text], index) => [value, { text, index }])) }],
  }),
  ...(panel.kind === 'time-series' ? {
    custom: {
      lineWidth: 2, fillOpacity: panel.stacked ? 25 : 0, showPoints: 'never',
      stacking: { mode: panel.stacked ? 'normal' : 'none', group: 'A' },
      thresholdsStyle: { mode: panel.thresholds ? 'line' : 'off' },
    },
  } : {}),
})

const optionsOf = (panel: Panel): Record<string, unknown> => {
  switch (panel.kind) {
    case 'time-series': return { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] }, tooltip: { mode: 'multi', sort: 'desc' } }
    case 'stat': return { reduceOptions: { calcs: ['lastNotNull'] }, graphMode: 'area', colorMode: 'value' }
    case 'gauge': return { reduceOptions: { calcs: ['lastNotNull'] }, showThresholdMarkers: true }
    case 'heat-map': return { calculate: false, yAxis: { unit: grafanaUnits[panel.unit] }, color: { mode: 'scheme', scheme: 'Blues' } }
    case 'state-timeline': return { mergeValues: true, showValue: 'auto' }
    case 'table': return { showHeader: true }
  }
}

/** Compiles a dashboard to Grafana's schema v2 (`dashboard.grafana.app/v2beta1`), as a Kubernetes-style resource. */
export const toGrafanaV2 = (dashboard: Dashboard, options: GrafanaOptions = {}) => {
  const datasource = { name: options.datasourceUid ?? '${datasource}' }
  const placed = layOut(dashboard)
  const query = (spec: Record<string, unknown>) => ({ kind: 'DataQuery' as const, group: 'prometheus', version: 'v0', datasource, spec })
  return {
    apiVersion: 'dashboard.grafana.app/v2beta1',
    kind: 'Dashboard',
    metadata: { name: dashboard.name },
    spec: {
      title: dashboard.title,
      ...(dashboard.description === undefined ? {} : { description: dashboard.description }),
      annotations: [],
      cursorSync: 'Crosshair' as const,
      editable: true,
      preload: false,
      links: [],
      tags: ['hivekit'],
      timeSettings: {
        from: `now-${durationText(dashboard.rangeMs)}`, to: 'now', autoRefresh: durationText(dashboard.refreshMs),
        autoRefreshIntervals: ['10s', '30s', '1m', '5m'], hideTimepicker: false, fiscalYearStartMonth: 0,
      },
      variables: [
        ...(options.datasourceUid === undefined ? [{
          kind: 'DatasourceVariable' as const,
          spec: {
            name: 'datasource', label: 'Data source', pluginId: 'prometheus', refresh: 'onDashboardLoad' as const, regex: '', current: { text: '', value: '' },
            options: [], multi: false, includeAll: false, hide: 'dontHide' as const, skipUrlSync: false, allowCustomValue: true,
          },
        }] : []),
        ...dashboard.variables.map(variable => ({
          kind: 'QueryVariable' as const,
          spec: {
            name: variable.name, ...(variable.title === undefined ? {} : { label: variable.title }),
            query: query({ query: `label_values(${variable.match}, ${variable.label})` }), definition: `label_values(${variable.match}, ${variable.label})`,
            current: { text: 'All', value: '$__all' }, hide: 'dontHide' as const, refresh: 'onTimeRangeChanged' as const, skipUrlSync: false, regex: '',
            sort: 'alphabeticalAsc' as const, options: [], multi: variable.multiple, includeAll: true, allValue: '.*', allowCustomValue: true,
          },
        })),
      ],
      elements: Object.fromEntries(placed.map(({ panel }, i) => [`panel-${i + 1}`, {
        kind: 'Panel' as const,
        spec: {
          id: i + 1,
          title: panel.title,
          description: panel.description ?? '',
          links: (panel.alerts ?? []).map(alert => ({ title: `Alert: ${alert}`, url: `/alerting/list?search=${encodeURIComponent(alert)}` })),
          data: {
            kind: 'QueryGroup' as const,
            spec: {
              queries: targetsOf(panel).map(({ refId, ...spec }) => ({ kind: 'PanelQuery' as const, spec: { refId, hidden: false, query: query(spec) } })),
              transformations: [],
              queryOptions: {},
            },
          },
          vizConfig: {
            kind: 'VizConfig' as const, group: visualizations[panel.kind], version: '',
            spec: { options: optionsOf(panel), fieldConfig: { defaults: fieldOf(panel), overrides: [] } },
          },
        },
      }])),
      layout: {
        kind: 'GridLayout' as const,
        spec: {
          items: placed.map(({ panel, x, y }, i) => ({
            kind: 'GridLayoutItem' as const,
            spec: { x, y, width: panel.width, height: panel.height, element: { kind: 'ElementReference' as const, name: `panel-${i + 1}` } },
          })),
        },
      },
    },
  }
}
