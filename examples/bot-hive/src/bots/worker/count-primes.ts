/** How many numbers one slice sieves; a slice takes a few milliseconds. */
const sliceLength = 2 ** 19

/** Counts the primes up to and including `limit` with a segmented sieve of Eratosthenes, pausing after each slice. */
export const countPrimes = async (limit: number, pause: (reached: number) => Promise<void>): Promise<number> => {
  if (limit < 2) return 0
  const root = Math.floor(Math.sqrt(limit))
  const small = smallPrimes(root)
  let count = small.length
  for (let from = root + 1; from <= limit; from += sliceLength) {
    const to = Math.min(from + sliceLength - 1, limit)
    count += countSlice(from, to, small)
    await pause(to)
  }
  return count
}

const smallPrimes = (limit: number) => {
  const composite = new Uint8Array(limit + 1)
  const primes: number[] = []
  for (let n = 2; n <= limit; n++) {
    if (composite[n]) continue
    primes.push(n)
    for (let multiple = n * n; multiple <= limit; multiple += n) composite[multiple] = 1
  }
  return primes
}

const countSlice = (from: number, to: number, primes: readonly number[]) => {
  const composite = new Uint8Array(to - from + 1)
  for (const prime of primes) {
    if (prime * prime > to) break
    const first = Math.max(prime * prime, Math.ceil(from / prime) * prime)
    for (let multiple = first; multiple <= to; multiple += prime) composite[multiple - from] = 1
  }
  let count = 0
  for (const mark of composite) count += 1 - mark
  return count
}
