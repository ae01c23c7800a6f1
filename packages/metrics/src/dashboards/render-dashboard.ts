import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { ActiveAlert } from '../alerts/alert-state.ts'
import { layOut, type Panel } from './dashboard-schema.ts'
import { levelOf, valueText } from './panel-unit.ts'
import type { DashboardData, PanelData } from './read-panels.ts'

const require = createRequire(import.meta.url)
const asset = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8')
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const html = (text: string) => text.replaceAll(/[&<>"']/g, one => escapes[one]!)
const last = (values: Float64Array) => values.findLast(value => !Number.isNaN(value)) ?? Number.NaN

/**
 * Draws a dashboard as one HTML file: charts by uPlot, which is inside it, and a table of the data behind every panel.
 * Nothing is loaded from elsewhere, and its Content-Security-Policy lets nothing be.
 *
 * @param data What `readDashboard` answered.
 * @param options Alerts to show beside the panels they watch.
 */
export const renderDashboard = (data: DashboardData, options: { readonly alerts?: readonly ActiveAlert[] } = {}): string => {
  const { dashboard, times } = data
  const firing = (options.alerts ?? []).filter(alert => alert.state === 'firing')
  const body = layOut(dashboard).map(({ row, panel }, i) => {
    const alerts = firing.filter(alert => panel.alerts?.includes(alert.alert))
    return `${row === undefined ? '' : `<h2>${html(row)}</h2>`}<section style="--w:${panel.width};--h:${panel.height * 30}px" aria-labelledby="t${i}">
<h3 id="t${i}">${html(panel.title)}</h3>${panel.description === undefined ? '' : `<p>${html(panel.description)}</p>`}${alerts.map(alert => `<p class="alert">${html(`${alert.severity}: ${alert.summary}`)}</p>`).join('')}
${drawPanel(data.panels[i]!, times, i)}${tableOf(data.panels[i]!, times)}</section>`
  }).join('\n')
  const charts = data.panels.map(({ panel, lines }, i) => ({ id: `c${i}`, kind: panel.kind, unit: panel.unit, names: lines.map(line => line.name), values: lines.map(line => Array.from(line.values, value => (Number.isFinite(value) ? value : null))) }))
    .filter(chart => chart.kind === 'time-series' && chart.names.length > 0)
  const json = JSON.stringify({ times: Array.from(times, time => time / 1000), charts }).replaceAll('<', String.raw`\u003c`)
  const script = `${asset('uPlot.iife.min.js')}\n${drawScript}`
  const hash = createHash('sha256').update(script).digest('base64')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'">
<title>${html(dashboard.title)}</title><style>${asset('uPlot.min.css')}${style}</style></head>
<body><header><h1>${html(dashboard.title)}</h1><p>${dashboard.description === undefined ? '' : `${html(dashboard.description)} `}${times.length === 0 ? 'No data.' : `${timeText(times[0]!)} to ${timeText(times.at(-1)!)} UTC.`}</p></header>
<main>${body}</main><script type="application/json" id="data">${json}</script><script>${script}</script></body></html>`
}

const timeText = (time: number) => new Date(time).toISOString().slice(0, 16).replace('T', ' ')

const drawPanel = ({ panel, lines }: PanelData, times: Float64Array, i: number): string => {
  if (lines.length === 0) return '<p class="none">No data in this time.</p>'
  switch (panel.kind) {
    case 'time-series': return `<div class="chart" id="c${i}" role="img" aria-label="${html(`${panel.title}: ${lines.length} lines; the data stand below.`)}"></div>`
    case 'stat': return lines.map(line => big(panel, lines.length > 1 ? line.name : '', last(line.values))).join('')
    case 'gauge': return lines.map(line => gauge(panel, lines.length > 1 ? line.name : '', last(line.values))).join('')
    case 'table': return ''
    case 'state-timeline': return lines.map(line => `<div class="states"><span>${html(line.name)}</span>${strip(panel, line.values)}</div>`).join('')
    case 'heat-map': return heatMap(panel, lines, times)
  }
}

const levelClass = (panel: Panel, value: number) => levelOf(value, panel.thresholds) ?? 'plain'
const big = (panel: Panel, name: string, value: number) =>
  `<p class="big ${levelClass(panel, value)}">${html(valueText(value, panel.unit, panel.decimals))}${name === '' ? '' : ` <small>${html(name)}</small>`}</p>`

const gauge = (panel: Panel, name: string, value: number): string => {
  const { min = 0, max = 1 } = panel
  const share = Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, (value - min) / (max - min || 1)))
  return `${big(panel, name, value)}<svg class="bar ${levelClass(panel, value)}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="6" class="rest"/><rect width="${(share * 100).toFixed(2)}" height="6"/></svg>`
}

/** Equal values that follow each other are one block. */
const strip = (panel: Panel, values: Float64Array): string => {
  let blocks = ''
  for (let start = 0, i = 1; i <= values.length; i++) {
    if (i < values.length && Object.is(values[i], values[start])) continue
    const value = values[start]!
    if (!Number.isNaN(value)) {
      blocks += `<rect x="${start}" width="${i - start}" height="10" class="${levelClass(panel, value)}"><title>${html(panel.states?.[String(value)] ?? valueText(value, panel.unit, panel.decimals))}</title></rect>`
    }
    start = i
  }
  return `<svg viewBox="0 0 ${values.length} 10" preserveAspectRatio="none" aria-hidden="true">${blocks}</svg>`
}

/** Cumulative buckets become how much fell between one border and the next. */
const heatMap = (panel: Panel, lines: PanelData['lines'], times: Float64Array): string => {
  const rows = lines.filter(line => line.labels['le'] !== undefined).map(line => ({ border: Number(line.labels['le']!.replace('Inf', 'Infinity')), values: line.values })).toSorted((a, b) => a.border - b.border)
  const cell = (row: number, m: number) => Math.max(0, rows[row]!.values[m]! - (row === 0 ? 0 : rows[row - 1]!.values[m]!)) || 0
  let most = 0
  for (let r = 0; r < rows.length; r++) for (let m = 0; m < times.length; m++) most = Math.max(most, cell(r, m))
  let cells = ''
  for (let r = 0; r < rows.length; r++) {
    for (let m = 0; m < times.length; m++) {
      const value = cell(r, m)
      if (value > 0) cells += `<rect x="${m}" y="${rows.length - 1 - r}" width="1" height="1" fill-opacity="${(0.12 + 0.88 * value / most).toFixed(2)}"/>`
    }
  }
  const scale = rows.toReversed().map(({ border }) => `<span>${html(valueText(border, panel.unit))}</span>`).join('')
  return `<div class="heat"><div class="scale">${scale}</div><svg viewBox="0 0 ${times.length} ${rows.length}" preserveAspectRatio="none" role="img" aria-label="${html(panel.title)}; the data stand below.">${cells}</svg></div>`
}

const shownRows = 60

const tableOf = ({ panel, lines }: PanelData, times: Float64Array): string => {
  if (lines.length === 0) return ''
  const text = (value: number) => html(valueText(value, panel.unit, panel.decimals))
  if (panel.kind === 'table') {
    const rows = lines.map(line => `<tr><th scope="row">${html(line.name)}</th><td>${text(last(line.values))}</td></tr>`).join('')
    return `<div class="scroll"><table><thead><tr><th scope="col">Series</th><th scope="col">Now</th></tr></thead><tbody>${rows}</tbody></table></div>`
  }
  const every = Math.max(1, Math.ceil(times.length / shownRows))
  const rows = Array.from(times).flatMap((time, m) => (m % every === (times.length - 1) % every ? [`<tr><th scope="row">${timeText(time)}</th>${lines.map(line => `<td>${text(line.values[m]!)}</td>`).join('')}</tr>`] : []))
  return `<details><summary>Data</summary><div class="scroll"><table><thead><tr><th scope="col">Time (UTC)</th>${lines.map(line => `<th scope="col">${html(line.name)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`
}

const drawScript = `(()=>{const d=JSON.parse(document.getElementById('data').textContent);const dark=matchMedia('(prefers-color-scheme: dark)').matches;
const ink=dark?'#c9ccd3':'#4a4f59',grid=dark?'#33373f':'#e3e5ea';const colors=dark?['#6ea8fe','#f2a65a','#5fcf9a','#e58fb8','#c3a6ff','#d8d26a']:['#1f5fbf','#a8530a','#1b7a4b','#a8326e','#6a45b8','#6f6a00'];
const f={count:v=>Intl.NumberFormat('en',{notation:'compact'}).format(v),bytes:v=>{let i=0;while(Math.abs(v)>=1024&&i<4){v/=1024;i++}return +v.toPrecision(3)+['B','KiB','MiB','GiB','TiB'][i]},
seconds:v=>Math.abs(v)<1e-3&&v?+(v*1e6).toPrecision(3)+'µs':Math.abs(v)<1&&v?+(v*1e3).toPrecision(3)+'ms':+v.toPrecision(3)+'s',ratio:v=>+(v*100).toPrecision(3)+'%'};
for(const c of d.charts){const el=document.getElementById(c.id);const t=v=>v==null?'–':(f[c.unit]||f.count)(v);
const draw=()=>{el.textContent='';new uPlot({width:el.clientWidth,height:Math.max(120,el.clientHeight-34),series:[{},...c.names.map((n,i)=>({label:n,stroke:colors[i%colors.length],width:2,value:(u,v)=>t(v)}))],
axes:[{stroke:ink,grid:{stroke:grid}},{stroke:ink,grid:{stroke:grid},size:64,values:(u,vs)=>vs.map(t)}],legend:{live:true},cursor:{sync:{key:'all'}}},[d.times,...c.values],el)};draw();let w=el.clientWidth;new ResizeObserver(()=>{if(el.clientWidth!==w){w=el.clientWidth;draw()}}).observe(el)}})()`

const style = `:root{color-scheme:light dark;--ink:#1d2026;--soft:#565b66;--page:#f5f6f8;--card:#fff;--line:#d9dce2;--ok:#1b7a4b;--warning:#9a4a00;--critical:#b3261e;--blue:#1f5fbf}
@media(prefers-color-scheme:dark){:root{--ink:#eceef2;--soft:#b3b8c2;--page:#15171b;--card:#1e2127;--line:#353a43;--ok:#5fcf9a;--warning:#f2a65a;--critical:#ff8a80;--blue:#6ea8fe}}
*{box-sizing:border-box}body{margin:0;padding:16px;background:var(--page);color:var(--ink);font:14px/1.45 system-ui,sans-serif}h1{font-size:22px;margin:0}h2{grid-column:1/-1;font-size:16px;margin:12px 0 0}h3{font-size:14px;margin:0 0 4px}header p,section p{color:var(--soft);margin:2px 0 8px}
main{display:grid;grid-template-columns:repeat(24,1fr);gap:12px}section{grid-column:span var(--w);min-height:var(--h);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;min-width:0;display:flex;flex-direction:column}
@media(max-width:900px){section{grid-column:1/-1}}.chart{flex:1;min-height:170px}.u-legend{text-align:left;font-size:12px}p.big{font-size:34px;font-weight:600;margin:8px 0;color:var(--ink)}p.big small{font-size:13px;font-weight:400}
.big.ok{color:var(--ok)}.big.warning,.alert{color:var(--warning)!important}.big.critical{color:var(--critical)}.alert{font-weight:600}svg{fill:var(--blue);width:100%}svg .ok,svg.ok{fill:var(--ok)}svg .warning,svg.warning{fill:var(--warning)}svg .critical,svg.critical{fill:var(--critical)}svg .rest{fill:var(--line)}.bar{height:10px}
.states{display:grid;grid-template-columns:90px 1fr;align-items:center;gap:8px;margin:3px 0}.states svg{height:22px}.heat{flex:1;display:flex;gap:6px;min-height:150px}.heat svg{flex:1;min-width:0}.scale{display:flex;flex-direction:column;justify-content:space-around;font-size:11px;color:var(--soft)}
details{margin-top:8px}summary{cursor:pointer;color:var(--blue);min-height:24px}.scroll{overflow:auto;max-height:300px}table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--line);white-space:nowrap}th:first-child{text-align:left}`
