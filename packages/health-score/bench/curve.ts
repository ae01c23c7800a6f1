import type { Verdict } from './compare.ts'

const [width, height, left, bottom] = [640, 400, 70, 50]

/** Draws delay against mode changes (logarithmic), both relative to the plain threshold: low and left is better. */
export const drawCurve = (plain: Verdict, series: Readonly<Record<string, readonly Verdict[]>>): string => {
  const most = Math.max(...Object.values(series).flat().map(one => one.delayMs / plain.delayMs), 1.5)
  const x = (delay: number) => left + ((delay - 0.9) / (most - 0.9)) * (width - left - 20)
  const y = (share: number) => 20 + (Math.log10(share) / -2) * (height - bottom - 20)
  const colours = ['#0b6e4f', '#b3541e', '#3b5bdb']
  const text = (at: readonly [number, number], words: string, more = '') => `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`
  const lines = Object.entries(series).map(([name, verdicts], i) => {
    const points = verdicts.map(one => [x(one.delayMs / plain.delayMs), y(Math.max(0.01, one.changes / plain.changes))] as const)
    const colour = colours[i]!
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ')}"/>`,
      ...points.map(([a, b]) => `<circle cx="${a.toFixed(1)}" cy="${b.toFixed(1)}" r="4" fill="${colour}"/>`),
      text([width - 180, 40 + 20 * i], name, `fill="${colour}"`),
    ].join('\n')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" role="img">
<title>Mode changes against detection delay, relative to a plain threshold</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<path d="M${left} 20V${height - bottom}H${width - 20}" fill="none" stroke="#444"/>
${[1, 0.1, 0.05, 0.01].map(share => text([left - 8, y(share) + 4], `${share}×`, 'text-anchor="end"')).join('\n')}
${[1, 1.2, 2, 3, 4, 5].filter(delay => delay <= most).map(delay => text([x(delay), height - bottom + 18], `${delay}×`, 'text-anchor="middle"')).join('\n')}
${text([width / 2, height - 10], 'mean time from fault to worse mode', 'text-anchor="middle"')}
${text([10, 14], 'mode changes')}
<circle cx="${x(1).toFixed(1)}" cy="${y(1).toFixed(1)}" r="5" fill="#000"/>
${lines.join('\n')}
</svg>
`
}
