import type { Labels } from '../metric-family.ts'

const expression = /\{\{\s*(.*?)\s*\}\}/g

const si = (value: number, base: number, prefixes: readonly string[]): string => {
  let rest = value
  let i = 0
  while (Math.abs(rest) >= base && i < prefixes.length - 1) {
    rest /= base
    i++
  }
  return `${significant(rest)}${prefixes[i]}`
}
/** Four significant digits without trailing zeros: Go's %.4g. */
const significant = (value: number): string => {
  if (!Number.isFinite(value)) return goNumber(value)
  const text = value.toPrecision(4)
  if (text.includes('e')) return text.replace(/\.?0+e/, 'e').replace(/e([+-])(\d)$/, 'e$10$2')
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const humanize = (value: number): string => {
  if (value === 0 || !Number.isFinite(value)) return significant(value)
  if (Math.abs(value) >= 1) return si(value, 1000, ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'])
  let rest = value
  let prefix = ''
  for (const smaller of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
    if (Math.abs(rest) >= 1) break
    prefix = smaller
    rest *= 1000
  }
  return `${significant(rest)}${prefix}`
}

const humanizeDuration = (value: number): string => {
  if (!Number.isFinite(value) || value === 0) return value === 0 ? '0s' : significant(value)
  if (Math.abs(value) < 1) {
    let rest = value
    let prefix = ''
    for (const smaller of ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']) {
      if (Math.abs(rest) >= 1) break
      prefix = smaller
      rest *= 1000
    }
    return `${significant(rest)}${prefix}s`
  }
  const sign = value < 0 ? '-' : ''
  const whole = Math.floor(Math.abs(value))
  const [days, hours, minutes, seconds] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`
  return `${significant(value)}s`
}

const filters: Readonly<Record<string, (value: number) => string>> = {
  humanize,
  humanize1024: value => (Math.abs(value) <= 1 || !Number.isFinite(value) ? significant(value) : si(value, 1024, ['', 'ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'])),
  humanizeDuration,
  humanizePercentage: value => `${significant(value * 100)}%`,
}

/** Go prints a float as %v: like JavaScript, but for the infinities and where exponents begin. */
const goNumber = (value: number): string => {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Number.isNaN(value)) return 'NaN'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent < -4 || exponent >= 21) return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  return String(value)
}

/** Checks a template: only what Prometheus and the embedded evaluator both understand is let in. @throws TypeError */
export const checkTemplate = (template: string): void => {
  for (const [whole, inner] of template.matchAll(expression)) {
    const [subject = '', filter, ...rest] = inner!.split(/\s*\|\s*/)
    const known = (subject === '$value' && (filter === undefined || filter in filters)) || (/^\$labels\.[a-zA-Z_]\w*$/.test(subject) && filter === undefined)
    if (!known || rest.length > 0) {
      throw new TypeError(`Expected {{ $value }}, {{ $labels.name }} or {{ $value | ${Object.keys(filters).join(' or ')} }} in a template; got ${whole}.`)
    }
  }
}

/** Fills a template in, as Prometheus would. */
export const fillTemplate = (template: string, labels: Labels, value: number): string =>
  template.replaceAll(expression, (_, inner: string) => {
    const [subject = '', filter] = inner.split(/\s*\|\s*/)
    if (subject === '$value') return filter === undefined ? goNumber(value) : filters[filter]!(value)
    return labels[subject.slice('$labels.'.length)] ?? ''
  })
