// Prometheus marks the end of a series with one particular NaN. Only its bits tell it from a measured NaN.
const marker = new Float64Array(new BigUint64Array([0x7ff0_0000_0000_0002n]).buffer)
const bits = new Uint32Array(marker.buffer)
const [low, high] = [bits[0]!, bits[1]!]

/** Writes the mark that a series has ended. It must never pass through a JavaScript number, which may change its bits. */
export const setStale = (values: Float64Array, at: number): void => {
  const words = new Uint32Array(values.buffer, values.byteOffset + at * 8, 2)
  words[0] = low
  words[1] = high
}

/** Tells whether the value at an index is the mark. */
export const isStale = (values: Float64Array, at: number): boolean => {
  const value = values[at]!
  if (value === value) return false // oxlint-disable-line no-self-compare
  const words = new Uint32Array(values.buffer, values.byteOffset + at * 8, 2)
  return words[0] === low && words[1] === high
}

/** Copies one value with all its bits. */
export const copyValue = (from: Float64Array, i: number, to: Float64Array, j: number): void => {
  const value = from[i]!
  // oxlint-disable-next-line no-self-compare
  if (value === value) to[j] = value
  else new Uint32Array(to.buffer, to.byteOffset + j * 8, 2).set(new Uint32Array(from.buffer, from.byteOffset + i * 8, 2))
}
