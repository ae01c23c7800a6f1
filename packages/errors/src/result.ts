import { err, type Err } from 'neverthrow'
import type { ErrorCode } from './error-codes.ts'
import { HiveError, type HiveErrorOptions } from './hive-error.ts'

export { err, errAsync, Err, fromPromise, fromThrowable, ok, okAsync, Ok, Result, ResultAsync, safeTry } from 'neverthrow'

/**
 * Makes the error side of a `Result` in one call.
 *
 * @example
 * ```ts
 * import { fail } from '@hivekit/errors'
 *
 * fail('not_found', 'No session "s1".').isErr() // true
 * ```
 */
export const fail = (code: ErrorCode, message: string, options?: HiveErrorOptions): Err<never, HiveError> =>
  err(new HiveError(code, message, options))
