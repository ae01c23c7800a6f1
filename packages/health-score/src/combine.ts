/**
 * How several readings of one signal become one utility.
 *
 * - `worst`: the lowest.
 * - `mean`: the average.
 * - `{ quantile }`: the utility that this share of readings does not reach, 0–1: 0 is the worst, 0.5 the median.
 * - `{ quorum }`: the n-th worst, so that n monitors must see a failure before it counts. Fewer than n fresh
 *   readings make the signal unknown.
 */
export type Combine = 'worst' | 'mean' | { readonly quantile: number } | { readonly quorum: number }

/** A reading of one signal after its curve: what combining works on. */
export interface Seen {
  readonly utility: number
  readonly value: number
}

/** Says what is wrong with a way to combine, or nothing. */
export const faultOfCombine = (combine: Combine): string | undefined => {
  if (combine === 'worst' || combine === 'mean') return
  if ('quantile' in combine) return combine.quantile >= 0 && combine.quantile <= 1 ? undefined : 'a quantile within 0–1'
  return Number.isInteger(combine.quorum) && combine.quorum >= 1 ? undefined : 'a quorum of 1 or more'
}

/** Combines two or more readings. The value is the one that decided; for a mean, the mean. Undefined: no quorum. */
export const combineSeen = (combine: Combine, seen: Seen[]): Seen | undefined => {
  if (combine === 'mean') {
    let utility = 0
    let value = 0
    for (const one of seen) {
      utility += one.utility
      value += one.value
    }
    return { utility: utility / seen.length, value: value / seen.length }
  }
  if (combine === 'worst') return seen.reduce((worst, one) => (worseFirst(one, worst) < 0 ? one : worst))
  const ascending = seen.toSorted(worseFirst)
  if ('quorum' in combine) return ascending[combine.quorum - 1]
  const rank = combine.quantile * (ascending.length - 1)
  const low = ascending[Math.floor(rank)]!
  const high = ascending[Math.ceil(rank)]!
  return { utility: low.utility + (rank % 1) * (high.utility - low.utility), value: low.value }
}

const worseFirst = (a: Seen, b: Seen) => a.utility - b.utility || a.value - b.value
