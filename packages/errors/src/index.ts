export { type Classification } from './classification/classification.ts'
export {
  classify, createClassifier, type ClassificationRule, type Classify, type ClassifierOptions, type RuleOutcome,
} from './classification/classify.ts'
export { toHiveError, type ToHiveErrorOptions } from './classification/to-hive-error.ts'
export {
  defineErrors, type DefinedError, type DefinedErrorOptions, type DetailsOf, type ErrorDefinition, type ErrorFactories, type ErrorFactory,
  type ErrorsOf,
} from './define-errors.ts'
export { errorCodes, isErrorCode, isErrorKind, type ErrorCode, type ErrorCodeInfo, type ErrorKind } from './error-codes.ts'
export { fromErrorJson, toErrorJson, type ErrorJson, type ErrorJsonOptions } from './error-json.ts'
export { HiveError, isHiveError, type HiveErrorOptions } from './hive-error.ts'
export { match, type Handled, type MatchedError, type MatchHandlers, type MatchKey } from './match.ts'
export { fromProblemDetails, toProblemDetails, type ProblemDetails, type ProblemDetailsOptions } from './problem-details.ts'
export { redact, type RedactOptions } from './redact.ts'
export { err, errAsync, Err, fail, fromPromise, fromThrowable, ok, okAsync, Ok, Result, ResultAsync, safeTry } from './result.ts'
export { type StackCapture } from './stack-capture.ts'
