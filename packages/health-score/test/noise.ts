/** Seeded randomness, so that a failing series can be made again. */
export interface Noise {
  /** Within 0–1, 1 excluded. */
  readonly uniform: () => number
  /** Standard normal. */
  readonly normal: () => number
  /** n values of an AR(1) process of standard deviation 1 whose values resemble the one before by `phi`. */
  readonly ar1: (n: number, phi: number) => Float64Array
}

/** Mulberry32 and Box–Muller. */
export const createNoise = (seed: number): Noise => {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return {
    uniform,
    normal,
    ar1: (n, phi) => {
      let value = normal()
      return new Float64Array(n).map(() => {
        const now = value
        value = phi * value + Math.sqrt(1 - phi * phi) * normal()
        return now
      })
    },
  }
}
