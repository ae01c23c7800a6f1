import type { Result } from '@hivekit/errors'

/** The value of a result that must be ok. */
export const must = <T>(result: Result<T, Error>): T => {
  if (result.isErr()) throw result.error
  return result.value
}

/** The error of a result that must not be ok. */
export const mustFail = <E>(result: Result<unknown, E>): E => {
  if (result.isOk()) throw new Error('Expected a failure.')
  return result.error
}
