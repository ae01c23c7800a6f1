export { type Classification } from './classification/classification.ts'
export {
  classify, createClassifier, type ClassificationRule, type Classify, type ClassifierOptions, type RuleFinding,
  type RuleOutcome,
} from './classification/classify.ts'
export { toHiveError, type ToHiveErrorOptions } from './classification/to-hive-error.ts'
export {
  defineErrors, type DefinedError, type DefinedErrorOptions, type DetailsOf, type ErrorDefinition, type ErrorFactories, type ErrorFactory,
  type ErrorsOf, type MessageFrom,
} from './define-errors.ts'
export { errorCodes, isErrorCode, isErrorKind, type ErrorCode, type ErrorCodeInfo, type ErrorKind } from './error-codes.ts'
export { fromErrorJson, toErrorJson, type ErrorJson, type ErrorJsonOptions, type ForeignErrorJson } from './error-json.ts'
export { HiveError, isHiveError, type HiveErrorOptions } from './hive-error.ts'
export { match, type Handled, type MatchedError, type MatchHandlers, type MatchKey, type WithCode, type WithReason } from './match.ts'
export { fromProblemDetails, toProblemDetails, type ProblemDetails, type ProblemDetailsOptions } from './problem-details.ts'
export { redact, type RedactOptions } from './redact.ts'
export { err, errAsync, Err, fail, fromPromise, fromThrowable, ok, okAsync, Ok, Result, ResultAsync, safeTry } from './result.ts'
export { type StackCapture } from './stack-capture.ts'
export { chain, type Stage } from './chain.ts'
export { createErrorMetrics, type ErrorMetrics, type ErrorMetricsOptions, type ErrorMetricsSnapshot } from './metrics/error-metrics.ts'
export {
  type BreakerEvent, type EndedEvent, type ErrorEvent, type EventBase, type EventFacts, type FailedEvent, type HedgingEvent, type RecoveredBy,
  type RecoveredEvent, type RefusedEvent, type RetryingEvent, type StoppedEvent,
} from './metrics/error-events.ts'
export { type EventCounts } from './metrics/event-counts.ts'
export { type MetricFamily, type MetricSample, type MetricSource } from './metrics/metric-source.ts'
export { type OperationMeter, type OperationSnapshot, type RecoveryTimeBucket, type RecoveryTimes } from './metrics/operation-meter.ts'
export { type Attempt } from './recovery/attempt.ts'
export { createBackoff, type Backoff, type BackoffOptions } from './recovery/backoff.ts'
export { type ConsecutiveTrip, type CountTrip, type SamplingTrip, type TripOptions } from './recovery/breaker-trip.ts'
export {
  createBreaker, type Breaker, type BreakerOptions, type BreakerSnapshot, type BreakerState, type BreakerTransition, type Verdict,
} from './recovery/breaker.ts'
export { type BulkheadOptions, type BulkheadSnapshot } from './recovery/bulkhead.ts'
export { systemClock, type Clock } from './recovery/clock.ts'
export {
  type AttachedBreaker, type BreakerShare, type DegradeOptions, type Fallback, type FallbackContext, type HedgeOptions, type RecoveryBreakerOptions,
  type RecoveryOptions, type RetryOptions, type RunOptions,
} from './recovery/recovery-options.ts'
export { createRecovery, type Operation, type Recovery, type RecoveryResult, type RecoverySnapshot } from './recovery/recovery.ts'
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from './recovery/retry-budget.ts'
