const bars = '▁▂▃▄▅▆▇█'

/** Values as a line of bars, the least the lowest; a dot where there is none. */
export const sparkline = (values: readonly (number | null)[]): string => {
  const known = values.filter(value => value !== null)
  const least = Math.min(...known)
  const span = Math.max(...known) - least
  return values.map(value => (value === null ? '·' : bars[span === 0 ? 0 : Math.round((value - least) / span * (bars.length - 1))])).join('')
}
