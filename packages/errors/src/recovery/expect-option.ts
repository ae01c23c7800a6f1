/** Throws a RangeError unless the option is a number of at least `minimum`; undefined passes. */
export const expectNumber = (name: string, value: number | undefined, minimum: number, maximum = Number.POSITIVE_INFINITY): void => {
  if (value === undefined || (value >= minimum && value <= maximum)) return
  const range = maximum === Number.POSITIVE_INFINITY ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`
  throw new RangeError(`Expected ${name} to be a number ${range}; got ${String(value)}.`)
}
