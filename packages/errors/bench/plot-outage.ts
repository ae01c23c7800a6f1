// Draws the outages of outage.ts: `node --conditions=@hivekit/source packages/errors/bench/plot-outage.ts` from the root.
// Writes docs/guides/handling-failure-outage.svg, and the table of the guide to stdout.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outages, simulateOutage, strategies, timeline, type OutageResult } from './outage.ts'

const names = Object.keys(strategies) as (keyof typeof strategies)[]
/** Okabe and Ito's colours, told apart with any sight; dashes tell them apart in black and white. */
const looks = [
  { colour: '#767676', dash: '1 3' }, { colour: '#d55e00', dash: '6 3' }, { colour: '#0072b2', dash: '2 2' }, { colour: '#007a5a', dash: '' },
] as const
const panel = { width: 420, height: 170, left: 44, top: 64, gapX: 40, gapY: 62 }
const shownMs = 40_000

const x = (ms: number) => (ms / shownMs) * panel.width
const y = (part: number) => panel.height * (1 - Math.min(1.5, part) / 1.5)

const line = ({ series }: OutageResult, i: number) => {
  const { colour, dash } = looks[i]!
  const points = series.slice(0, shownMs / timeline.binMs).map((part, bin) => `${x((bin + 0.5) * timeline.binMs).toFixed(1)},${y(part).toFixed(1)}`)
  return `<polyline fill="none" stroke="${colour}" stroke-width="${i === names.length - 1 ? 2.5 : 1.5}" stroke-dasharray="${dash}" points="${points.join(' ')}"/>`
}

const axes = () => [
  `<rect x="${x(timeline.outageAtMs)}" width="${x(timeline.outageMs)}" height="${panel.height}" fill="#f3e2d5"/>`,
  `<text x="${x(timeline.outageAtMs) + 4}" y="14" class="small">outage</text>`,
  ...[0, 0.5, 1].map(part => `<line x2="${panel.width}" y1="${y(part)}" y2="${y(part)}" stroke="#ddd"/><text x="-8" y="${y(part) + 4}" text-anchor="end" class="small">${part * 100} %</text>`),
  ...[0, 10, 20, 30, 40].map(s => `<text x="${x(s * 1_000)}" y="${panel.height + 16}" text-anchor="middle" class="small">${s} s</text>`),
]

const results: OutageResult[][] = []
for (const outage of outages) {
  const row: OutageResult[] = []
  for (const name of names) row.push(await simulateOutage(name, outage))
  results.push(row)
}

const panels = outages.map(({ clients, load }, i) => {
  const left = panel.left + (i % 2) * (panel.width + panel.gapX)
  const top = panel.top + Math.floor(i / 2) * (panel.height + panel.gapY)
  const title = `<text y="-10" class="title">${clients} client${clients === 1 ? '' : 's'}, ${load * 100} % load</text>`
  return `<g transform="translate(${left} ${top})">${title}${axes().join('')}${results[i]!.map(line).join('')}</g>`
})
const legend = names.map((name, i) => {
  const { colour, dash } = looks[i]!
  return `<g transform="translate(${panel.left + i * 170} 22)"><line x2="28" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/><text x="36" y="4">${name}</text></g>`
})
const width = panel.left + 2 * panel.width + panel.gapX + 20
const height = panel.top + 2 * (panel.height + panel.gapY) - 20
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
<title id="title">Requests answered before, during and after an outage</title>
<desc id="desc">Four panels. With @hivekit/errors answers are back within two seconds of the outage's end; without retries, with plain retries and with cockatiel as its README configures it they come back much later or never.</desc>
<style>text{font:12px system-ui,sans-serif;fill:#222}.small{font-size:10px;fill:#555}.title{font-weight:600}</style>
<rect width="${width}" height="${height}" fill="#fff"/>
${legend.join('\n')}
${panels.join('\n')}
</svg>
`
writeFileSync(join(import.meta.dirname, '../../../docs/guides/handling-failure-outage.svg'), svg)

const cell = ({ amplification, goodput, recoveryS }: OutageResult) =>
  `${amplification.toFixed(2)} / ${(goodput * 100).toFixed(1)} % / ${recoveryS === Number.POSITIVE_INFINITY ? 'never' : `${recoveryS} s`}`
console.log(`| | ${names.join(' | ')} |\n| --- |${names.map(() => ' --- |').join('')}`)
for (const [i, { clients, load }] of outages.entries()) {
  console.log(`| ${clients} client${clients === 1 ? '' : 's'}, ${load * 100} % | ${results[i]!.map(cell).join(' | ')} |`)
}
