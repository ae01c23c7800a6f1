// One cell whose bits can be read: the high half of a double is its sign, its exponent and the top of its mantissa.
const number = new Float64Array(1)
const bits = new Uint32Array(number.buffer)
const high = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0
const cellOf = (value: number): number => {
  number[0] = value
  return bits[high]! >>> 16
}

/**
 * Finds the bucket of a value: the first border that is not below it, or the count of borders when it is above all;
 * −1 for NaN. A table with 16 cells an octave says where to begin, so that mostly one comparison is left.
 */
export const createBucketFinder = (borders: Float64Array): ((value: number) => number) => {
  const count = borders.length
  const least = borders[0]!
  const most = borders[count - 1]!
  const rising = borders.findIndex(border => border > 0)
  const from = Math.max(least, rising < 0 ? 0 : borders[rising]!, Number.MIN_VALUE)
  const first = cellOf(from)
  const table = most > from ? new Uint16Array(cellOf(most) - first + 1) : new Uint16Array(0)
  for (let cell = 0, border = 0; cell < table.length; cell++) {
    number[0] = 0
    bits[high] = (first + cell) << 16
    const smallest = number[0]
    while (border < count && borders[border]! < smallest) border++
    table[cell] = border
  }
  return value => {
    if (!(value > least)) return value === value ? 0 : -1 // oxlint-disable-line no-self-compare
    if (value > most) return count
    let i = 0
    if (value >= from) {
      number[0] = value
      i = table[(bits[high]! >>> 16) - first] ?? 0
    }
    while (value > borders[i]!) i++
    return i
  }
}
