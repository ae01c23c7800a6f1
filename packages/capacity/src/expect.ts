const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value))

/** Throws unless the value is a number of at least `min`, and of at most `max`; `Infinity` passes only where `max` is. */
export const expectNumber = (name: string, value: unknown, min: number, max = Infinity): number => {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new TypeError(`Expected ${name} to be a number, got ${shown(value)} (${typeof value}).`)
  }
  if (value < min || value > max) {
    const range = max === Infinity ? `at least ${min}` : `from ${min} to ${max}`
    throw new RangeError(`Expected ${name} to be ${range}, got ${value}.`)
  }
  return value
}

/** Throws when an object has a key that is none of those known: a misspelt option is told, not ignored. */
export const expectKnown = (name: string, given: object, known: readonly string[]): void => {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw new TypeError(`Expected ${name} to have only ${known.join(', ')}, got ${JSON.stringify(key)}.`)
  }
}
