import type { HiveError, Result } from '@hivekit/errors'

/** The value of a result that must have one. */
export const valueOf = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}

/** The error of a result that must have one. */
export const errorOf = (result: Result<unknown, HiveError>): HiveError => {
  if (result.isOk()) throw new Error(`Expected an error; got ${String(result.value)}.`)
  return result.error
}
