export { errorCodes, isErrorCode, type ErrorCode, type ErrorCodeInfo, type ErrorKind } from './error-codes.ts'
export { HiveError, isHiveError, type HiveErrorOptions } from './hive-error.ts'
export { fromProblemDetails, toProblemDetails, type ProblemDetails } from './problem-details.ts'
export { err, errAsync, Err, fail, fromPromise, fromThrowable, ok, okAsync, Ok, Result, ResultAsync, safeTry } from './result.ts'
