import type { HiveError, Result } from '@hivekit/errors'

/** The value of a result that must be good. */
export const valueOf = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}

/** The error of a result that must be bad. */
export const errorOf = (result: Result<unknown, HiveError>): HiveError => {
  if (result.isOk()) throw new Error(`Expected an error, got ${JSON.stringify(result.value)}.`)
  return result.error
}
