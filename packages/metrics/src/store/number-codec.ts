// Lossless columns of float64, after the shape of what metrics really hold: counts, decimals, constants.
//
//   0 constant     the eight bytes once
//   1 delta        exact decimals as integers (value = integer × divisor ÷ 10^exponent), differences as varints
//   2 delta²       the same, differences of differences
//   3 transposed   XOR with the one before, the eight bytes of all values grouped by place, for Zstandard to shrink
//
// What is not a short decimal (NaN with any payload, the infinities, −0) stands in a list of exceptions beside 1 and 2.
// A run of zero differences is one pair: 0, length.

const powers = Float64Array.from({ length: 16 }, (_, i) => 10 ** i)
const maxInteger = 2 ** 51
const tags = { constant: 0, delta: 1, deltaOfDelta: 2, transposed: 3 } as const

let scratch = new Uint8Array(1 << 16)
let length = 0

const reserve = (bytes: number) => {
  if (length + bytes <= scratch.length) return
  const larger = new Uint8Array(Math.max(scratch.length * 2, length + bytes))
  larger.set(scratch.subarray(0, length))
  scratch = larger
}

const putVarint = (value: number) => {
  while (value >= 0x1000_0000) {
    scratch[length++] = (value % 128) | 0x80
    value = Math.floor(value / 128)
  }
  let small = value | 0
  while (small >= 0x80) {
    scratch[length++] = (small & 0x7f) | 0x80
    small >>>= 7
  }
  scratch[length++] = small
}

const zigzag = (value: number) => (value >= 0 ? value * 2 : value * -2 - 1)

const bitsOf = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

const isConstant = (values: Float64Array): boolean => {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  const low = words[0]!
  const high = words[1]!
  for (let i = 2; i < words.length; i += 2) if (words[i] !== low || words[i + 1] !== high) return false
  return true
}

let integers = new Float64Array(1024)
let exceptions: number[] = []

/** Fills `integers` and `exceptions` and answers the exponent, or −1 when too many values are no short decimals. */
const toIntegers = (values: Float64Array): number => {
  const count = values.length
  const tolerated = 2 + (count >> 5)
  let exponent = 0
  let failed = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    let power = powers[exponent]!
    let rounded = Math.round(value * power)
    if (rounded / power === value) continue
    let e = exponent + 1
    for (; e < 16; e++) {
      power = powers[e]!
      rounded = Math.round(value * power)
      if (rounded / power === value && rounded <= maxInteger && rounded >= -maxInteger) break
    }
    if (e < 16) exponent = e
    else if (++failed > tolerated) return -1
  }
  if (integers.length < count) integers = new Float64Array(count * 2)
  exceptions = []
  const power = powers[exponent]!
  let last = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    const rounded = Math.round(value * power)
    if (rounded / power === value && rounded <= maxInteger && rounded >= -maxInteger && (rounded !== 0 || 1 / value > 0)) {
      last = rounded
    } else if (exceptions.push(i) > tolerated) {
      return -1
    }
    integers[i] = last
  }
  return exponent
}

const commonDivisor = (count: number): number => {
  let divisor = 0
  for (let i = 0; i < count && divisor !== 1; i++) {
    let a = Math.abs(integers[i]!)
    while (a !== 0) [divisor, a] = [a, divisor % a]
  }
  return divisor === 0 ? 1 : divisor
}

const widthOf = (difference: number): number => {
  const size = difference < 0 ? -difference : difference
  return size === 0 ? 0.25 : size < 64 ? 1 : size < 8192 ? 2 : size < 1_048_576 ? 3 : size < 134_217_728 ? 4 : 6
}

const prefersSecondOrder = (count: number): boolean => {
  let first = 0
  let second = 0
  let before = 0
  for (let i = 1; i < count; i++) {
    const difference = integers[i]! - integers[i - 1]!
    const change = difference - before
    if (change > maxInteger * 2 || change < -maxInteger * 2) return false
    first += widthOf(difference)
    second += widthOf(change)
    before = difference
  }
  return second < first
}

const putDifferences = (count: number, secondOrder: boolean) => {
  let before = 0
  let zeros = 0
  const flush = () => {
    if (zeros === 1) scratch[length++] = 1
    else if (zeros > 1) {
      scratch[length++] = 0
      putVarint(zeros)
    }
    zeros = 0
  }
  for (let i = 1; i < count; i++) {
    const difference = integers[i]! - integers[i - 1]!
    const put = secondOrder ? difference - before : difference
    before = difference
    if (put === 0) {
      zeros++
      continue
    }
    if (zeros > 0) flush()
    const value = zigzag(put) + 1
    if (value < 0x80) scratch[length++] = value
    else putVarint(value)
  }
  flush()
}

const putTransposed = (values: Float64Array) => {
  const bytes = bitsOf(values)
  const count = values.length
  for (let place = 0; place < 8; place++) {
    let before = 0
    for (let i = 0; i < count; i++) {
      const byte = bytes[i * 8 + place]!
      scratch[length++] = byte ^ before
      before = byte
    }
  }
}

/** Encodes values, one or more, so that {@link decodeNumbers} gives back the very same bits. */
export const encodeNumbers = (values: Float64Array): Uint8Array => {
  const count = values.length
  length = 0
  reserve(32 + count * 10)
  const exponent = isConstant(values) ? undefined : toIntegers(values)
  if (exponent === undefined) {
    scratch[length++] = tags.constant
    putVarint(count)
    scratch.set(bitsOf(values).subarray(0, 8), length)
    length += 8
  } else if (exponent < 0) {
    scratch[length++] = tags.transposed
    putVarint(count)
    putTransposed(values)
  } else {
    const divisor = commonDivisor(count)
    if (divisor > 1) for (let i = 0; i < count; i++) integers[i]! /= divisor
    const secondOrder = prefersSecondOrder(count)
    scratch[length++] = secondOrder ? tags.deltaOfDelta : tags.delta
    putVarint(count)
    scratch[length++] = exponent
    putVarint(divisor)
    putVarint(exceptions.length)
    const bytes = bitsOf(values)
    for (const i of exceptions) {
      putVarint(i)
      scratch.set(bytes.subarray(i * 8, i * 8 + 8), length)
      length += 8
    }
    putVarint(zigzag(integers[0]!))
    putDifferences(count, secondOrder)
  }
  return scratch.slice(0, length)
}

let position = 0

const getVarint = (bytes: Uint8Array): number => {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = bytes[position++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
}

const unzigzag = (value: number) => (value % 2 === 0 ? value / 2 : (value + 1) / -2)

/** Decodes a column; `end` is where it ended. The bytes must be whole: their checksum is the caller's to check. */
export const decodeNumbers = (bytes: Uint8Array, start = 0): { readonly values: Float64Array; readonly end: number } => {
  const tag = bytes[start]!
  position = start + 1
  const count = getVarint(bytes)
  const values = new Float64Array(count)
  const raw = bitsOf(values)
  if (tag === tags.constant) {
    raw.set(bytes.subarray(position, position + 8))
    const value = values[0]!
    // A NaN may not pass through a number: its bits are copied.
    // oxlint-disable-next-line no-self-compare
    if (value === value) values.fill(value)
    else for (let i = 1; i < count; i++) raw.copyWithin(i * 8, 0, 8)
    position += 8
  } else if (tag === tags.transposed) {
    for (let place = 0; place < 8; place++) {
      let before = 0
      for (let i = 0; i < count; i++) raw[i * 8 + place] = before ^= bytes[position++]!
    }
  } else {
    const power = powers[bytes[position++]!]!
    const divisor = getVarint(bytes)
    const exceptional = getVarint(bytes)
    const exceptionsAt = position
    for (let i = 0; i < exceptional; i++) {
      getVarint(bytes)
      position += 8
    }
    if (count > 0) getDifferences(bytes, values, tag === tags.deltaOfDelta, divisor, power)
    const end = position
    position = exceptionsAt
    for (let i = 0; i < exceptional; i++) {
      const at = getVarint(bytes)
      raw.set(bytes.subarray(position, position + 8), at * 8)
      position += 8
    }
    position = end
  }
  return { values, end: position }
}

const getDifferences = (bytes: Uint8Array, values: Float64Array, secondOrder: boolean, divisor: number, power: number) => {
  const count = values.length
  let integer = unzigzag(getVarint(bytes))
  let difference = 0
  let at = position
  const plain = divisor === 1 && power === 1
  values[0] = (integer * divisor) / power
  for (let i = 1; i < count; ) {
    let value = bytes[at++]!
    if (value === 0) {
      position = at
      const end = i + getVarint(bytes)
      at = position
      if (secondOrder) {
        for (; i < end; i++) {
          integer += difference
          values[i] = (integer * divisor) / power
        }
      } else {
        values.fill((integer * divisor) / power, i, end)
        i = end
      }
      continue
    }
    if (value >= 0x80) {
      const second = bytes[at++]!
      if (second < 0x80) value = (value & 0x7f) | (second << 7)
      else {
        position = at - 2
        value = getVarint(bytes)
        at = position
      }
    }
    value -= 1
    const signed = value < 0x4000_0000 ? (value >>> 1) ^ -(value & 1) : unzigzag(value)
    difference = secondOrder ? difference + signed : signed
    integer += difference
    values[i++] = plain ? integer : (integer * divisor) / power
  }
  position = at
}
