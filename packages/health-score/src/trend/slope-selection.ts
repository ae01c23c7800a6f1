import { quickselect } from 'simple-statistics'

/**
 * Finds order statistics of the slopes of all lines through two of n points in O(n log n) expected time, without making
 * all n(n−1)/2 slopes: the order of `y − m·x` at two slopes differs by one inversion for each line between them, so lines
 * within a range are counted, and drawn, by merge sort.
 *
 * Source: Matoušek, "Randomized optimal algorithm for slope selection", Information Processing Letters 39 (1991);
 * Dillencourt, Mount and Netanyahu, "A randomized algorithm for slope selection", IJCGA 2 (1992). The draws come from a
 * fixed seed and decide only how fast the exact answer is found.
 */
export interface SlopeSelector {
  /** How many slopes there are. */
  readonly count: number
  /** The slope of a rank, 0 to count − 1, ascending. */
  select(rank: number): number
}

/** Takes points of strictly ascending x, two or more. Keep x small (start it at 0): the precision is that of `y − m·x`. */
export const createSlopeSelector = (x: Float64Array, y: Float64Array): SlopeSelector => {
  const n = x.length
  const count = (n * (n - 1)) / 2
  const random = createRandom(n)
  const leftToRight = new Int32Array(n).map((_, i) => i)
  /** Bounds found so far, by lines passed: a later rank starts from the two around it. */
  const bounds: Bound[] = [{ order: leftToRight, passed: 0 }, { order: leftToRight.toReversed(), passed: count }]

  /** The order of the points by `y − m·x`: past all lines of slope below m and, if `through`, past those of slope m too. */
  const boundAt = (m: number, through: boolean): Bound => {
    const keys = new Float64Array(n)
    for (let i = 0; i < n; i++) keys[i] = y[i]! - m * x[i]!
    const bound = sortCounting(leftToRight, keys, through)
    bounds.push(bound)
    return bound
  }

  /** The slopes of the lines between two bounds, or of so many of them, one from each equal part, in no special order. */
  const slopesBetween = (low: Bound, high: Bound, drawn?: number): Float64Array => {
    const places = new Float64Array(n)
    for (let i = 0; i < n; i++) places[high.order[i]!] = i
    const within = high.passed - low.passed
    const wanted = new Float64Array(drawn ?? within)
    const step = drawn === undefined ? 1 : within / drawn
    for (let i = 0; i < wanted.length; i++) wanted[i] = drawn === undefined ? i : Math.floor((i + random()) * step)
    const slopes = new Float64Array(wanted.length)
    let found = 0
    sortCounting(low.order, places, false, wanted, (i, j) => (slopes[found++] = (y[j]! - y[i]!) / (x[j]! - x[i]!)))
    return slopes.subarray(0, found)
  }

  const select = (rank: number): number => {
    let low = bounds.reduce((best, one) => (one.passed <= rank && one.passed > best.passed ? one : best), bounds[0]!)
    let high = bounds.reduce((best, one) => (one.passed > rank && one.passed < best.passed ? one : best), bounds[1]!)
    let stalled = false
    for (let round = 0; ; round++) {
      const within = high.passed - low.passed
      if (within <= Math.max(8 * n, 64) || round > 64) {
        const all = Array.from(slopesBetween(low, high))
        const place = Math.min(rank - low.passed, all.length - 1)
        quickselect(all, place)
        return all[place]!
      }
      const sample = slopesBetween(low, high, n).toSorted()
      // The slope sought lies, but for bad luck, within two standard deviations of its place in the sample.
      const middle = ((rank - low.passed) / within) * sample.length
      const margin = stalled || sample[0] === sample.at(-1) ? 0 : Math.sqrt(n)
      const [from, to] = [sample[Math.floor(middle - margin)], sample[Math.floor(middle + margin)]]
      const around = [to === undefined ? undefined : boundAt(to, true), from === undefined ? undefined : boundAt(from, false)]
      for (const bound of around) {
        if (bound && rank < bound.passed && bound.passed < high.passed) high = bound
        if (bound && rank >= bound.passed && bound.passed > low.passed) low = bound
      }
      if (from === to && rank < around[0]!.passed && rank >= around[1]!.passed) return from!
      stalled = high.passed - low.passed === within
    }
  }

  return { count, select }
}

/** An order of the points, and how many lines were passed on the way there from slope −∞. */
interface Bound {
  readonly order: Int32Array
  readonly passed: number
}

/**
 * Merge sort that counts how often one point passes another; among equal keys, later ones pass only if `through`.
 * Visits the passes whose ascending places in that count are `wanted`.
 */
const sortCounting = (from: Int32Array, keys: Float64Array, through: boolean, wanted?: Float64Array, visit?: (i: number, j: number) => void): Bound => {
  const n = from.length
  let source = from.slice()
  let target = new Int32Array(n)
  let passed = 0
  let next = 0
  for (let width = 1; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n)
      const end = Math.min(start + 2 * width, n)
      let left = start
      let right = middle
      for (let place = start; place < end; place++) {
        const stays = right >= end || (left < middle && (through ? keys[source[left]!]! < keys[source[right]!]! : keys[source[left]!]! <= keys[source[right]!]!))
        if (stays) {
          target[place] = source[left++]!
          continue
        }
        if (wanted) {
          for (; next < wanted.length && wanted[next]! < passed + middle - left; next++) visit!(source[left + wanted[next]! - passed]!, source[right]!)
        }
        passed += middle - left
        target[place] = source[right++]!
      }
    }
    ;[source, target] = [target, source]
  }
  return { order: source, passed }
}

/** Mulberry32: 32 bits of state are plenty for drawing samples. */
const createRandom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
