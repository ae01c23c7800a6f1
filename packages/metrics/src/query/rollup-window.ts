import type { Rollup } from '../store/rollup.ts'
import type { WindowOptions } from './window-function.ts'

/**
 * Applies a window function to a rollup. A bucket counts where it ends in the window, so the answer is exact where window
 * and moments are multiples of its length; `rate`, `increase` and `delta` are what was seen, not extrapolated to the window's edges.
 */
export const overRollup = ({ ends, columns }: Rollup, moments: Float64Array, { fn, windowMs, aheadMs }: WindowOptions): Float64Array => {
  const [min, max, sum, count, last, increase] = columns as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
  const fold = (column: Float64Array, low: number, high: number, join: (a: number, b: number) => number) => {
    let folded = column[low]!
    for (let i = low + 1; i < high; i++) folded = join(folded, column[i]!)
    return folded
  }
  const add = (a: number, b: number) => a + b
  const at = (low: number, high: number): number => {
    switch (fn) {
      case 'last': return last[high - 1]!
      case 'min': return fold(min, low, high, Math.min)
      case 'max': return fold(max, low, high, Math.max)
      case 'sum': return fold(sum, low, high, add)
      case 'count': return fold(count, low, high, add)
      case 'avg': return fold(sum, low, high, add) / fold(count, low, high, add)
      case 'increase': return fold(increase, low, high, add)
      case 'rate': return fold(increase, low, high, add) / (windowMs / 1000)
      case 'delta': return low === 0 ? last[high - 1]! - last[low]! : last[high - 1]! - last[low - 1]!
      case 'forecast': {
        if (high - low < 2) return Number.NaN
        const slope = (last[high - 1]! - last[low]!) / (ends[high - 1]! - ends[low]!)
        return last[high - 1]! + slope * aheadMs
      }
    }
  }
  const out = new Float64Array(moments.length)
  let low = 0
  let high = 0
  for (let m = 0; m < moments.length; m++) {
    const moment = moments[m]!
    while (high < ends.length && ends[high]! <= moment) high++
    while (low < high && ends[low]! <= moment - windowMs) low++
    out[m] = low === high ? Number.NaN : at(low, high)
  }
  return out
}
