import type { HiveError, Result } from '@hivekit/errors'

/** The value of a result that must be one; else its error is thrown. */
export const value = <T>(result: Result<T, HiveError>): T =>
  result.match(found => found, error => {
    throw error
  })

/** The error of a result that must be one. */
export const failure = (result: Result<unknown, HiveError>): HiveError =>
  result.match(found => {
    throw new Error(`Expected a failure, got ${JSON.stringify(found)}`)
  }, error => error)
