import type { Panel } from './dashboard-schema.ts'

/** What other programs call our units. */
export const grafanaUnits: Readonly<Record<Panel['unit'], string>> = {
  count: 'short', 'per-second': 'cps', seconds: 's', bytes: 'bytes', ratio: 'percentunit', percent: 'percent', celsius: 'celsius', boolean: 'bool',
}

const fixed = (value: number, decimals: number | undefined): string => {
  if (decimals !== undefined) return value.toFixed(decimals)
  if (value === 0) return '0'
  const size = Math.abs(value)
  return size >= 100 ? value.toFixed(0) : size >= 10 ? String(Number(value.toFixed(1))) : String(Number(value.toPrecision(3)))
}
const scaled = (value: number, base: number, units: readonly string[], decimals: number | undefined): string => {
  let rest = value
  let i = 0
  while (Math.abs(rest) >= base && i < units.length - 1) {
    rest /= base
    i++
  }
  return `${fixed(rest, decimals)}${units[i]}`
}

/** Writes a value for a person, in the unit of its panel. */
export const valueText = (value: number, unit: Panel['unit'], decimals?: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '−∞'
  switch (unit) {
    case 'bytes': return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB'], decimals)
    case 'ratio': return `${fixed(value * 100, decimals)} %`
    case 'percent': return `${fixed(value, decimals)} %`
    case 'celsius': return `${fixed(value, decimals)} °C`
    case 'boolean': return value === 0 ? 'no' : 'yes'
    case 'per-second': return `${scaled(value, 1000, ['', ' k', ' M', ' G'], decimals)}/s`
    case 'count': return scaled(value, 1000, ['', ' k', ' M', ' G', ' T'], decimals)
    case 'seconds': {
      const size = Math.abs(value)
      if (size === 0) return '0 s'
      if (size < 1e-3) return `${fixed(value * 1e6, decimals)} µs`
      if (size < 1) return `${fixed(value * 1e3, decimals)} ms`
      if (size < 120) return `${fixed(value, decimals)} s`
      return size < 7200 ? `${fixed(value / 60, decimals)} min` : size < 172_800 ? `${fixed(value / 3600, decimals)} h` : `${fixed(value / 86_400, decimals)} d`
    }
  }
}

/** The level of a value: that of the last threshold it has reached. */
export const levelOf = (value: number, thresholds: Panel['thresholds']): 'ok' | 'warning' | 'critical' | undefined => {
  if (!thresholds || thresholds.length === 0 || Number.isNaN(value)) return undefined
  return thresholds.findLast(threshold => value >= threshold.from)?.level ?? 'ok'
}
