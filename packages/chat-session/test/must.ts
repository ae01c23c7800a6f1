import type { HiveError, Result } from '@hivekit/errors'

/** The value of a result that must be well. */
export const must = <T>(result: Result<T, HiveError>): T => {
  if (result.isErr()) throw result.error
  return result.value
}

/** The code of a result that must be a failure. */
export const codeOf = (result: Result<unknown, HiveError>): string => {
  if (result.isOk()) throw new Error(`Expected a failure, got ${JSON.stringify(result.value)}.`)
  return result.error.code
}
