import { classify, errorCodes, type ErrorCode } from '@hivekit/errors'
import { describe, expect, test } from 'vitest'

/** What a table promises: outcome → names. Written out here on purpose, so that a changed line in the source shows. */
type Promised = Readonly<Record<string, string>>

const promised = (table: Promised) =>
  Object.entries(table).flatMap(([outcome, names]) => names.split(/\s+/).map(name => [name, outcome] as const))

const told = (thrown: unknown) => {
  const { code, kind } = classify(thrown)
  return `${code} ${kind}`
}

const thrown = (facts: object, message = 'x') => Object.assign(new Error(message), facts)

test.each(promised({
  'unavailable transient': `ECONNREFUSED EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN EADDRNOTAVAIL EAI_AGAIN EAI_SYSTEM EAGAIN EBUSY ETXTBSY
    EINTR ESERVFAIL ENOTCONN ERR_HTTP2_GOAWAY_SESSION`,
  'dependency_failed permanent': `ENOTFOUND ENODATA EBADNAME EBADRESP EAI_FAIL EAI_NONAME EAI_NODATA CERT_HAS_EXPIRED CERT_NOT_YET_VALID
    CERT_REVOKED CERT_REJECTED CERT_UNTRUSTED CERT_SIGNATURE_FAILURE CERT_CHAIN_TOO_LONG DEPTH_ZERO_SELF_SIGNED_CERT
    SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY HOSTNAME_MISMATCH
    INVALID_CA INVALID_PURPOSE ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT ERR_SSL_WRONG_VERSION_NUMBER
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE ERR_SSL_NO_CIPHER_MATCH ERR_SSL_UNSUPPORTED_PROTOCOL EPROTO
    ERR_TOO_MANY_REDIRECTS ERR_FR_TOO_MANY_REDIRECTS HPE_INVALID_CONSTANT HPE_INVALID_VERSION HPE_INVALID_STATUS`,
  'dependency_failed ambiguous': `ECONNRESET ECONNABORTED EPIPE EIO ERR_STREAM_PREMATURE_CLOSE ERR_SOCKET_CLOSED UND_ERR_SOCKET UND_ERR_CLOSED
    UND_ERR_DESTROYED UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_RES_EXCEEDED_MAX_SIZE ERR_HTTP2_STREAM_ERROR ERR_HTTP2_SESSION_ERROR
    ERR_HTTP2_STREAM_CANCEL ERR_NETWORK ERR_BAD_RESPONSE ERR_IPC_CHANNEL_CLOSED`,
  'timeout transient': 'UND_ERR_CONNECT_TIMEOUT ERR_TLS_HANDSHAKE_TIMEOUT',
  'timeout ambiguous':
    'ETIMEDOUT ESOCKETTIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT ERR_SOCKET_CONNECTION_TIMEOUT ERR_HTTP_REQUEST_TIMEOUT',
  'cancelled permanent': 'ABORT_ERR UND_ERR_ABORTED ERR_CANCELED ECANCELED ECANCELLED ERR_ABORTED',
  'not_found permanent': 'ENOENT ENODEV ENXIO ESRCH ENOTBLK MODULE_NOT_FOUND ERR_MODULE_NOT_FOUND',
  'conflict permanent': 'EEXIST ENOTEMPTY EADDRINUSE EISCONN EALREADY ESTALE EDEADLK',
  'forbidden permanent': 'EACCES EPERM EROFS ERR_ACCESS_DENIED',
  'invalid_argument permanent':
    'EISDIR ENOTDIR ENAMETOOLONG ELOOP EXDEV ERR_INVALID_URL ERR_INVALID_PROTOCOL ERR_UNESCAPED_CHARACTERS EDESTADDRREQ EILSEQ',
  'too_large permanent': `EFBIG E2BIG EMSGSIZE EOVERFLOW ERR_FS_FILE_TOO_LARGE ERR_STRING_TOO_LONG UND_ERR_HEADERS_OVERFLOW HPE_HEADER_OVERFLOW
    ERR_BUFFER_TOO_LARGE`,
  'capacity_exceeded throttled': 'EMFILE ENFILE ENOMEM ENOBUFS ENOLCK EUSERS ERR_WORKER_OUT_OF_MEMORY ERR_MEMORY_ALLOCATION_FAILED',
  'storage_full permanent': 'ENOSPC EDQUOT',
  'unsupported permanent': `ENOSYS ENOTSUP EOPNOTSUPP EAFNOSUPPORT EPROTONOSUPPORT ENOTTY EAI_FAMILY ERR_FEATURE_UNAVAILABLE_ON_PLATFORM
    ERR_METHOD_NOT_IMPLEMENTED ERR_UNSUPPORTED_ESM_URL_SCHEME`,
  'data_corrupt permanent': `EBADMSG Z_DATA_ERROR Z_BUF_ERROR ERR_ENCODING_INVALID_ENCODED_DATA ERR_CRYPTO_INVALID_AUTH_TAG
    ZSTD_error_corruption_detected ZSTD_error_checksum_wrong ZSTD_error_prefix_unknown`,
  'internal bug': 'ERR_INVALID_ARG_TYPE EINVAL EBADF ERR_ASSERTION whatever',
}))('the code %s is %s', (code, outcome) => {
  expect(told(thrown({ code }))).toBe(outcome)
})

test('a timeout while connecting sent nothing; any other leaves the outcome unknown', () => {
  expect(told(thrown({ code: 'ETIMEDOUT', syscall: 'connect' }))).toBe('timeout transient')
  expect(told(thrown({ code: 'ETIMEDOUT', syscall: 'read' }))).toBe('timeout ambiguous')
})

describe('every HTTP status', () => {
  const statuses: Readonly<Record<string, readonly number[]>> = {
    'invalid_argument permanent': [400, 411, 416, 418, 422, 430, 498],
    'unauthenticated permanent': [401, 407, 440, 511],
    'forbidden permanent': [402, 403, 451],
    'not_found permanent': [404, 410],
    'unsupported permanent': [405, 406, 415, 417, 426, 501, 505, 510],
    'timeout transient': [408, 522],
    'conflict permanent': [409, 412, 428],
    'too_large permanent': [413, 414, 431],
    'unavailable transient': [421, 425, 503, 521, 523, 530],
    'conflict transient': [423],
    'dependency_failed permanent': [424, 506, 508, 525, 526],
    'rate_limited throttled': [429],
    'dependency_failed ambiguous': [444, 500, 502, 512, 520, 527, 597],
    'cancelled permanent': [499],
    'timeout ambiguous': [504, 524, 598, 599],
    'storage_full permanent': [507],
    'capacity_exceeded throttled': [509, 529],
  }
  const rows = Object.entries(statuses).flatMap(([outcome, list]) => list.map(status => [status, outcome] as const))

  test.each(rows)('%i is %s, in whatever shape a client throws it', (status, outcome) => {
    for (const shape of [
      new Response(null, { status }), thrown({ status }), thrown({ statusCode: status }), thrown({ response: { status } }),
      thrown({ response: { statusCode: status } }), { status },
    ]) {
      expect(told(shape)).toBe(outcome)
      expect(classify(shape).httpStatus).toBe(status)
    }
  })

  test('from 400 to 599 each has an outcome of the same status and of no bug; others are not failures we know', () => {
    for (let status = 400; status < 600; status++) expect(classify({ status })).toMatchObject({ httpStatus: status, kind: expect.not.stringMatching('bug') })
    for (const status of [200, 304, 399, 600, 404.5, Number.NaN, '404']) expect(told({ status })).toBe('internal bug')
  })
})

describe('every gRPC code', () => {
  const rows = [
    [0, 'OK', 'internal bug'], [1, 'CANCELLED', 'cancelled permanent'], [2, 'UNKNOWN', 'dependency_failed ambiguous'],
    [3, 'INVALID_ARGUMENT', 'invalid_argument permanent'], [4, 'DEADLINE_EXCEEDED', 'timeout ambiguous'],
    [5, 'NOT_FOUND', 'not_found permanent'], [6, 'ALREADY_EXISTS', 'conflict permanent'],
    [7, 'PERMISSION_DENIED', 'forbidden permanent'], [8, 'RESOURCE_EXHAUSTED', 'rate_limited throttled'],
    [9, 'FAILED_PRECONDITION', 'conflict permanent'], [10, 'ABORTED', 'conflict transient'],
    [11, 'OUT_OF_RANGE', 'invalid_argument permanent'], [12, 'UNIMPLEMENTED', 'unsupported permanent'],
    [13, 'INTERNAL', 'dependency_failed ambiguous'], [14, 'UNAVAILABLE', 'unavailable transient'],
    [15, 'DATA_LOSS', 'data_corrupt permanent'], [16, 'UNAUTHENTICATED', 'unauthenticated permanent'],
  ] as const

  test.each(rows)('%i %s is %s', (grpc, name, outcome) => {
    for (const shape of [
      thrown({ code: grpc, details: 'd', metadata: {} }), thrown({ code: grpc, metadata: {} }), thrown({ code: grpc, details: 'd' }),
      thrown({ code: grpc, name: 'ConnectError' }), { code: 500, message: 'x', status: name },
    ]) {
      expect(told(shape)).toBe(outcome)
      expect(classify(shape).grpcCode).toBe(grpc || 13)
    }
  })

  test('a bare number is not taken for one', () => {
    expect(told(thrown({ code: 14 }))).toBe('internal bug')
    expect(told(thrown({ code: 17, details: 'd' }))).toBe('internal bug')
  })
})

test.each(promised({
  'unavailable transient': 'BUSY:5 LOCKED:6 ABORT:4 PROTOCOL:15 SCHEMA:17 BUSY_SNAPSHOT:517',
  'storage_full permanent': 'FULL:13',
  'data_corrupt permanent': 'CORRUPT:11 NOTADB:26 FORMAT:24 CORRUPT_INDEX:779',
  'dependency_failed ambiguous': 'IOERR:10 IOERR_WRITE:778',
  'dependency_failed permanent': 'CANTOPEN:14',
  'forbidden permanent': 'READONLY:8 PERM:3 AUTH:23',
  'conflict permanent': 'CONSTRAINT:19 CONSTRAINT_UNIQUE:2067',
  'invalid_argument permanent': 'MISMATCH:20',
  'too_large permanent': 'TOOBIG:18',
  'capacity_exceeded throttled': 'NOMEM:7',
  'cancelled permanent': 'INTERRUPT:9',
  'unsupported permanent': 'NOLFS:22',
  'internal bug': 'ERROR:1 INTERNAL:2 MISUSE:21 RANGE:25 NOTFOUND:12 EMPTY:16 OK:0 NOTHING:99',
}))('SQLite %s is %s, by name and by number', (result, outcome) => {
  const [name, number] = result.split(':')
  expect(told(thrown({ code: `SQLITE_${name}` }))).toBe(outcome)
  expect(told(thrown({ code: 'ERR_SQLITE_ERROR', errcode: Number(number) }))).toBe(outcome)
  expect(told(thrown({ code: 'ERR_SQLITE_ERROR' }))).toBe('internal bug')
})

test.each(promised({
  'unavailable transient': '08001 08004 25006 55006 55P03 57P03 57P05 57000 72000',
  'invalid_argument permanent': '23502 23514 22001 P0001 44000',
  'conflict permanent': '23503 23505 23P01 23000',
  'timeout transient': '25P03 25P04',
  'dependency_failed ambiguous': '40003 57P01 57P02 08006 58030 XX000 HV000',
  'forbidden permanent': '42501',
  'storage_full permanent': '53100',
  'cancelled permanent': '57014',
  'data_corrupt permanent': 'XX001 XX002',
  'unsupported permanent': '0A000',
  'unauthenticated permanent': '28P01',
  'not_found permanent': '3D000 3F000',
  'conflict transient': '40001 40P01 55000',
  'capacity_exceeded throttled': '53300',
  'too_large permanent': '54000',
  'internal bug': '42601 25P02 2D000 99999 xx001 231',
}))('SQLSTATE %s is %s', (code, outcome) => {
  expect(told(thrown({ code, severity: 'ERROR' }))).toBe(outcome)
  expect(told(thrown({ code }))).toBe('internal bug')
})

test('a statement timeout in PostgreSQL was rolled back, so it may be repeated', () => {
  expect(told(thrown({ code: '57014', severity: 'ERROR' }, 'canceling statement due to statement timeout'))).toBe('timeout transient')
  expect(told(thrown({ code: '57014', severity: 'ERROR' }, 'canceling statement due to user request'))).toBe('cancelled permanent')
  expect(told(thrown({ code: '23505', severity: 'ERROR' }, 'timeout'))).toBe('conflict permanent')
})

test.each(promised({
  'unavailable transient':
    'LOADING READONLY MOVED ASK TRYAGAIN CLUSTERDOWN MASTERDOWN NOREPLICAS BUSY NOMASTERLINK NOQUORUM NOGOODSLAVE INPROG MISCONF REDIRECT',
  'capacity_exceeded throttled': 'OOM',
  'unauthenticated permanent': 'NOAUTH WRONGPASS DENIED',
  'forbidden permanent': 'NOPERM',
  'not_found permanent': 'NOSCRIPT NOGROUP',
  'conflict permanent': 'BUSYKEY BUSYGROUP',
  'conflict transient': 'EXECABORT',
  'unsupported permanent': 'NOPROTO',
  'invalid_argument permanent': 'WRONGTYPE CROSSSLOT',
  'cancelled permanent': 'UNBLOCKED UNKILLABLE NOTBUSY',
  'internal bug': 'ERR Nonsense',
}))('the Redis reply %s is %s', (word, outcome) => {
  for (const name of ['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']) {
    expect(told(thrown({ name }, `${word} something happened`))).toBe(outcome)
  }
  expect(told(thrown({}, `${word} something happened`))).toBe('internal bug')
})

test.each(promised({
  'unavailable transient': 'ConnectionTimeoutError ClientOfflineError ReconnectStrategyError RootNodesUnavailableError ClusterAllFailedError',
  'dependency_failed ambiguous': `MaxRetriesPerRequestError ClientClosedError SocketClosedUnexpectedlyError DisconnectsClientError
    SocketTimeoutError SocketTimeoutDuringMaintenanceError`,
  'timeout ambiguous': 'CommandTimeoutError CommandTimeoutDuringMaintenanceError',
}))('the Redis client error %s is %s', (name, outcome) => {
  expect(told(thrown({ name }))).toBe(outcome)
})

test('Redis refusing one more client is about capacity', () => {
  expect(told(thrown({ name: 'ReplyError' }, 'ERR max number of clients reached'))).toBe('capacity_exceeded throttled')
})

test.each(promised({
  'rate_limited throttled': `BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete
    ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown ThrottledException
    Throttling ThrottlingException TooManyRequestsException TransactionInProgressException`,
  'timeout ambiguous': 'TimeoutError RequestTimeout RequestTimeoutException',
  'unauthenticated permanent': `AuthFailure InvalidSignatureException RequestExpired RequestTimeTooSkewed RequestInTheFuture
    SignatureDoesNotMatch ExpiredToken ExpiredTokenException UnrecognizedClientException InvalidClientTokenId CredentialsProviderError`,
  'forbidden permanent': 'AccessDenied AccessDeniedException UnauthorizedOperation',
  'not_found permanent': 'NoSuchKey NoSuchBucket NotFound ResourceNotFoundException',
  'conflict permanent': 'ConditionalCheckFailedException PreconditionFailed BucketAlreadyExists',
  'data_corrupt permanent': 'BadDigest',
  'invalid_argument permanent': 'ValidationException',
}))('the AWS error %s is %s, whatever its status', (name, outcome) => {
  expect(told(thrown({ name, $fault: 'client', $metadata: { httpStatusCode: 400 } }))).toBe(outcome)
})

test('an AWS error without a known name goes by what the SDK says of it, then by status', () => {
  const aws = (facts: object) => told(thrown({ name: 'SomethingException', ...facts }))
  expect(aws({ $metadata: {}, $retryable: { throttling: true } })).toBe('rate_limited throttled')
  expect(aws({ $metadata: { httpStatusCode: 500 }, $retryable: {} })).toBe('unavailable transient')
  expect(aws({ $metadata: { httpStatusCode: 429 }, $retryable: {} })).toBe('rate_limited throttled')
  expect(aws({ $metadata: { httpStatusCode: 500 } })).toBe('dependency_failed ambiguous')
  expect(aws({ $fault: 'client' })).toBe('invalid_argument permanent')
  expect(aws({ $fault: 'server' })).toBe('dependency_failed ambiguous')
  expect(told(thrown({ name: 'CredentialsProviderError' }))).toBe('unauthenticated permanent')
  expect(aws({})).toBe('internal bug')
})

test.each(Object.keys(errorCodes) as ErrorCode[])('our own %s is itself', code => {
  expect(classify({ code })).toEqual({ code, kind: errorCodes[code].kind, httpStatus: errorCodes[code].httpStatus, grpcCode: errorCodes[code].grpcCode })
})
