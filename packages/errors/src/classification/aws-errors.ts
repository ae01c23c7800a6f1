import { outcome, outcomeTable, type Classification } from './classification.ts'
import { httpStatusOutcome } from './http-status.ts'

/** Names that AWS services use whatever the HTTP status (smithy-typescript, service-error-classification). */
const byName = outcomeTable([
  ['rate_limited', 'throttled', 'BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete ' +
    'ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown ' +
    'ThrottledException Throttling ThrottlingException TooManyRequestsException TransactionInProgressException'],
  ['timeout', 'ambiguous', 'TimeoutError RequestTimeout RequestTimeoutException'],
  ['unauthenticated', 'permanent', 'AuthFailure InvalidSignatureException RequestExpired RequestTimeTooSkewed RequestInTheFuture ' +
    'SignatureDoesNotMatch ExpiredToken ExpiredTokenException UnrecognizedClientException InvalidClientTokenId CredentialsProviderError'],
  ['forbidden', 'permanent', 'AccessDenied AccessDeniedException UnauthorizedOperation'],
  ['not_found', 'permanent', 'NoSuchKey NoSuchBucket NotFound ResourceNotFoundException'],
  ['conflict', 'permanent', 'ConditionalCheckFailedException PreconditionFailed BucketAlreadyExists'],
  ['data_corrupt', 'permanent', 'BadDigest'],
])

interface AwsError {
  readonly $metadata?: { readonly httpStatusCode?: unknown }
  readonly $fault?: unknown
  readonly $retryable?: { readonly throttling?: unknown }
}

/** Classifies an error of the AWS SDK (v3) by name, then by what the SDK says of it, then by status; undefined for other errors. */
export const awsOutcome = (name: string, thrown: object): Classification | undefined => {
  const error: AwsError = thrown
  if (error.$metadata === undefined && error.$fault === undefined && name !== 'CredentialsProviderError') return undefined
  const known = byName.get(name)
  if (known) return known
  if (error.$retryable?.throttling) return outcome('rate_limited')
  const byStatus = httpStatusOutcome(error.$metadata?.httpStatusCode)
  if (error.$retryable && byStatus?.kind !== 'throttled') return outcome('unavailable')
  return byStatus ?? outcome(error.$fault === 'client' ? 'invalid_argument' : 'dependency_failed', error.$fault === 'client' ? 'permanent' : 'ambiguous')
}
