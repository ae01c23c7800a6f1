/** Where a reading is going. */
export interface Trend {
  /** Takes in a reading. */
  add(atMs: number, value: number): void
  /** Change a millisecond, by least squares over the window; 0 until there are two readings apart in time. */
  slope(): number
}

/** A straight line through the readings of the last `windowMs`. */
export const createTrend = (windowMs: number): Trend => {
  const readings: { readonly atMs: number; readonly value: number }[] = []
  return {
    add: (atMs, value) => {
      readings.push({ atMs, value })
      while (readings[0]!.atMs < atMs - windowMs) readings.shift()
    },
    slope: () => {
      const n = readings.length
      if (n < 2) return 0
      const meanAt = readings.reduce((sum, r) => sum + r.atMs, 0) / n
      const mean = readings.reduce((sum, r) => sum + r.value, 0) / n
      let above = 0
      let below = 0
      for (const { atMs, value } of readings) {
        above += (atMs - meanAt) * (value - mean)
        below += (atMs - meanAt) ** 2
      }
      return below === 0 ? 0 : above / below
    },
  }
}
