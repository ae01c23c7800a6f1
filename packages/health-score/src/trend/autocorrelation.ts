import { median } from 'simple-statistics'

/**
 * How much each value resembles the one before it, 0–0.99, of residuals about a fit: the coefficient of an AR(1) process.
 * Outliers are drawn in to three standard deviations first. The usual estimate falls short by about `(fitted + 4φ)/n`, which
 * is put back; then one standard error is added, since a test that takes too little of it cries wolf while one that takes
 * too much only waits.
 * Source of the bias: Marriott and Pope, "Bias in the estimation of autocorrelations", Biometrika 41 (1954).
 *
 * @param fitted - how many numbers were fitted before: 2 for a line.
 */
export const carefulAutocorrelation = (residuals: Float64Array, fitted: number): number => {
  const n = residuals.length
  const middle = median(Array.from(residuals))
  const bound = 3 * scaleOf(residuals)
  let products = 0
  let squares = 0
  let before = 0
  for (let i = 0; i < n; i++) {
    const here = Math.min(bound, Math.max(-bound, residuals[i]! - middle))
    squares += here * here
    products += here * before
    before = here
  }
  if (squares === 0 || n <= fitted + 4) return 0
  const estimate = Math.min(0.99, Math.max(0, ((products / squares) * n + fitted) / (n - 4)))
  return Math.min(0.99, estimate + Math.sqrt((1 - estimate * estimate) / n))
}

/** The standard deviation about the median, from the median of the distances, which outliers do not move. */
export const scaleOf = (values: Float64Array): number => {
  const middle = median(Array.from(values))
  return 1.4826 * median(Array.from(values, value => Math.abs(value - middle)))
}

/** How many independent values the mean of so many AR(1) values is worth. */
export const independentValues = (n: number, autocorrelation: number): number => (n * (1 - autocorrelation)) / (1 + autocorrelation)
