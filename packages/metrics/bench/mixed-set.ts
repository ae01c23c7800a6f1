/** A repeatable stand-in for a fleet's metrics: the kinds of series that a scrape of Node services and bots is made of. */
export const mixedSet = (series: number, seed = 1) => {
  let state = seed
  const random = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const step: Record<string, (now: number, i: number) => number> = {
    // Counters of requests and histogram buckets: whole, in bursts, restarted once in a while.
    counter: (now, i) => (random() < 0.0002 ? 0 : now + Math.floor(random() * (i % 7 === 0 ? 200 : 20))),
    quiet: now => (random() < 0.02 ? now + 1 : now), // counters that mostly stand still
    constant: now => now, // limits, versions, flags
    level: now => Math.max(0, now + Math.round(normal() * 1.5)), // queue lengths, open files
    bytes: now => Math.max(4096, now + 4096 * Math.round(normal() * 40)), // memory by the page
    seconds: now => now + Math.round(random() * 12_000) / 1e6, // CPU and latency sums, microseconds
    percent: now => Math.min(100, Math.max(0, Math.round((now + normal() * 2) * 100) / 100)), // two decimals
    float: now => now + normal() * 1e-3, // full-precision measurements
  }
  // Of every hundred series.
  const share: readonly (readonly [kind: string, percent: number])[] =
    [['counter', 30], ['quiet', 20], ['constant', 15], ['level', 8], ['bytes', 7], ['seconds', 8], ['percent', 8], ['float', 4]]
  const kinds = Array.from({ length: series }, (_, i) => {
    let place = i % 100
    return share.find(([, percent]) => (place -= percent) < 0)![0]
  })
  const values = new Float64Array(series)
  for (const [i, kind] of kinds.entries()) values[i] = kind === 'bytes' ? 4096 * (10_000 + i) : kind === 'percent' ? 50 : kind === 'constant' ? i * 1.5 : 100
  return {
    kinds,
    /** The next scrape. The array is used again. */
    next: (): Float64Array => {
      for (let i = 0; i < series; i++) {
        const was = values[i]!
        const next = step[kinds[i]!]!(was, i)
        // Sums of microseconds are decimals as a program would expose them.
        values[i] = kinds[i] === 'seconds' ? Math.round(next * 1e6) / 1e6 : next
      }
      return values
    },
  }
}
