import { connect } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { classify, createClassifier, HiveError, toHiveError, toProblemDetails } from '@hivekit/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const told = (thrown: unknown) => {
  const { code, kind } = classify(thrown)
  return `${code} ${kind}`
}

const caught = async (run: () => unknown): Promise<unknown> => {
  try {
    await run()
  } catch (thrown) {
    return thrown
  }
  throw new Error('Expected a failure.')
}

describe('real failures', () => {
  test('of the file system', async () => {
    const { readFile, mkdir } = await import('node:fs/promises')
    expect(told(await caught(() => readFile('/nowhere/at/all')))).toBe('not_found permanent')
    expect(told(await caught(() => readFile('/')))).toBe('invalid_argument permanent')
    expect(told(await caught(() => mkdir('/')))).toBe('conflict permanent')
  })

  test('of SQLite', async () => {
    const db = new DatabaseSync(':memory:')
    db.exec('create table t (id integer primary key)')
    db.exec('insert into t values (1)')
    expect(told(await caught(() => db.exec('insert into t values (1)')))).toBe('conflict permanent')
    expect(told(await caught(() => db.exec('select nothing from nowhere')))).toBe('internal bug')
    db.close()
  })

  test('of sockets and signals', async () => {
    const refused = caught(() => new Promise((resolve, reject) => { connect(1, '127.0.0.1').on('error', reject).on('connect', resolve) }))
    expect(told(await refused)).toBe('unavailable transient')
    expect(told(await caught(() => fetch('http://127.0.0.1:1')))).toMatch(/unavailable transient|internal bug/)
    expect(told(await caught(() => fetch('http://127.0.0.1:9', { signal: AbortSignal.abort() })))).toBe('cancelled permanent')
    expect(told(new DOMException('x', 'AbortError'))).toBe('cancelled permanent')
    expect(told(new DOMException('x', 'TimeoutError'))).toBe('timeout ambiguous')
    expect(told(new DOMException('x', 'QuotaExceededError'))).toBe('storage_full permanent')
  })
})

test('an abort is told from a timeout by its reason', () => {
  const abort = (cause: unknown) => Object.assign(new Error('This operation was aborted', { cause }), { name: 'AbortError', code: 'ABORT_ERR' })
  expect(told(abort(new DOMException('x', 'TimeoutError')))).toBe('timeout ambiguous')
  expect(told(abort(new HiveError('unavailable', 'x')))).toBe('unavailable transient')
  expect(told(abort('because'))).toBe('cancelled permanent')
  expect(told(Object.assign(new Error('x', { cause: new DOMException('x', 'TimeoutError') }), { name: 'AbortError' }))).toBe('timeout ambiguous')
})

test('an error of ours keeps its kind and waiting time, from this process or another', () => {
  const error = new HiveError('timeout', 'x', { kind: 'transient', retryAfterMs: 30 })
  const expected = { code: 'timeout', kind: 'transient', httpStatus: 504, grpcCode: 4, retryAfterMs: 30 }
  expect(classify(error)).toEqual(expected)
  expect(classify(JSON.parse(JSON.stringify(toProblemDetails(error))))).toEqual(expected)
  expect(classify({ code: 'timeout', kind: 'nonsense' })).toEqual({ code: 'timeout', kind: 'ambiguous', httpStatus: 504, grpcCode: 4 })
})

describe('waiting time', () => {
  const now = () => Date.parse('2026-01-01T00:00:00Z')
  const at = createClassifier({ now })
  const wait = (headers: Record<string, string>) => at(new Response(null, { status: 429, headers })).retryAfterMs

  test('is read from seconds, a date and exact milliseconds', () => {
    expect(wait({ 'retry-after': '2' })).toBe(2_000)
    expect(wait({ 'retry-after': ' 1.5 ' })).toBe(1_500)
    expect(wait({ 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' })).toBe(7_000)
    expect(wait({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' })).toBe(0)
    expect(wait({ 'retry-after': '2', 'retry-after-ms': '150' })).toBe(150)
    expect(wait({ 'x-ms-retry-after-ms': '70' })).toBe(70)
    expect(wait({ 'retry-after': '2', 'retry-after-ms': 'soon' })).toBe(2_000)
    expect(wait({ 'retry-after': 'x2' })).toBeUndefined()
    expect(wait({ 'retry-after': '2x' })).toBeUndefined()
    expect(wait({ 'retry-after': '-2' })).toBeUndefined()
    expect(wait({ 'retry-after': '1.25' })).toBe(1_250)
    expect(wait({ 'retry-after': '2 Jan 2026' })).toBeUndefined()
    for (const unclear of ['x150', '150x', '-150', '1.5.0']) expect(wait({ 'retry-after': '2', 'retry-after-ms': unclear })).toBe(2_000)
    expect(classify({ status: 503, headers: { 'retry-after': ' 3 ' } }).retryAfterMs).toBe(3_000)
    expect(wait({})).toBeUndefined()
  })

  test('is read from whatever holds headers', () => {
    for (const thrown of [
      { status: 503, headers: { 'Retry-After': '3' } }, { status: 503, headers: { 'retry-after': ['3', '4'] } }, { status: 503, headers: { 'retry-after': 3 } },
      { response: { status: 503, headers: { 'retry-after': '3' } } }, { response: { statusCode: 503, headers: new Headers({ 'Retry-After': '3' }) } },
      Object.assign(new Error('x'), { name: 'ServiceException', $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '3' } } }),
      Object.assign(new TypeError('x'), { status: 503, headers: { 'retry-after': '3' } }),
    ]) {
      expect(classify(thrown)).toMatchObject({ httpStatus: 503, retryAfterMs: 3_000 })
    }
    for (const headers of [null, 'retry-after: 3', 7, { 'retry-after': {} }]) expect(classify({ status: 503, headers })).not.toHaveProperty('retryAfterMs')
  })

  test('makes a 403 a rate limit', () => {
    expect(classify({ status: 403, headers: { 'retry-after': '60' } })).toEqual({ code: 'rate_limited', kind: 'throttled', httpStatus: 403, grpcCode: 8, retryAfterMs: 60_000 })
    expect(classify({ status: 404, headers: { 'retry-after': '60' } })).toMatchObject({ code: 'not_found', retryAfterMs: 60_000 })
  })

  test('is read from gRPC: pushback, and RetryInfo in each of the forms it travels in', () => {
    const metadata = (entries: Record<string, unknown>) => ({ get: (name: string) => entries[name] ?? [] })
    const grpc = (facts: object) => classify(Object.assign(new Error('x'), { code: 14, details: '', metadata: metadata({}), ...facts }))
    // RetryInfo { retry_delay { seconds: 300 nanos: 500000000 } }
    const duration = [0x08, 0xac, 0x02, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]
    const retryInfo = Uint8Array.from([0x0a, duration.length, ...duration])
    const any = (type: string) => [0x0a, type.length, ...new TextEncoder().encode(type), 0x12, retryInfo.length, ...retryInfo]
    const status = (...types: string[]) => Uint8Array.from([0x08, 14, 0x12, 1, 0x78, ...types.flatMap(type => [0x1a, any(type).length, ...any(type)])])

    expect(grpc({ metadata: metadata({ 'grpc-retry-pushback-ms': ['250'] }) })).toMatchObject({ kind: 'transient', retryAfterMs: 250 })
    expect(grpc({ metadata: metadata({ 'grpc-retry-pushback-ms': '250' }) }).retryAfterMs).toBe(250)
    const refused = grpc({ metadata: metadata({ 'grpc-retry-pushback-ms': ['-1'] }) })
    expect(refused).toMatchObject({ code: 'unavailable', kind: 'permanent' })
    expect(refused).not.toHaveProperty('retryAfterMs')
    expect(grpc({ metadata: metadata({ 'grpc-retry-pushback-ms': ['soon'] }) })).not.toHaveProperty('retryAfterMs')

    const bin = (bytes: unknown) => grpc({ metadata: metadata({ 'grpc-status-details-bin': [bytes] }) })
    expect(bin(status('type.googleapis.com/google.rpc.ErrorInfo', 'type.googleapis.com/google.rpc.RetryInfo')).retryAfterMs).toBe(300_500)
    expect(bin(status('type.googleapis.com/google.rpc.ErrorInfo'))).not.toHaveProperty('retryAfterMs')
    expect(bin(status('a/google.rpc.RetryInfo').subarray(0, 20))).toMatchObject({ code: 'unavailable', kind: 'transient' })
    for (const odd of ['text', Uint8Array.of(0xff), Uint8Array.of(0x0d, 1, 2), Uint8Array.of()]) expect(bin(odd)).toMatchObject({ code: 'unavailable' })

    expect(grpc({ name: 'ConnectError', details: [{ type: 'x' }, { type: 'google.rpc.RetryInfo', value: retryInfo }] }).retryAfterMs).toBe(300_500)
    expect(grpc({ name: 'ConnectError', details: [{ type: 'google.rpc.RetryInfo', value: Uint8Array.of() }] }).retryAfterMs).toBe(0)
    const json = { code: 429, status: 'RESOURCE_EXHAUSTED', details: [null, { '@type': 'x', retryDelay: '9s' }, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3.5s' }] }
    expect(classify(json)).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_500 })
    expect(classify({ ...json, details: [{ type: 'google.rpc.RetryInfo', value: 'x' }] })).not.toHaveProperty('retryAfterMs')
  })
})

describe('wrapped failures', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' })
  const reset = Object.assign(new Error('x'), { code: 'ECONNRESET' })
  const nested = (levels: number): unknown => (levels === 0 ? refused : new Error('wrapped', { cause: nested(levels - 1) }))

  test('are told by their cause, 8 deep', () => {
    expect(told(new TypeError('fetch failed', { cause: refused }))).toBe('unavailable transient')
    expect(told(nested(8))).toBe('unavailable transient')
    expect(told(nested(9))).toBe('internal bug')
    const circular = new Error('x')
    circular.cause = circular
    expect(told(circular)).toBe('internal bug')
  })

  test('in an aggregate count by the gravest', () => {
    expect(told(new AggregateError([refused, refused]))).toBe('unavailable transient')
    expect(told(new AggregateError([refused, reset]))).toBe('dependency_failed ambiguous')
    expect(told(new AggregateError([reset, refused]))).toBe('dependency_failed ambiguous')
    expect(told(new AggregateError([{ status: 429 }, refused]))).toBe('rate_limited throttled')
    expect(told(new AggregateError([{ status: 429 }, reset]))).toBe('dependency_failed ambiguous')
    expect(told(new AggregateError([{ status: 404 }, reset]))).toBe('not_found permanent')
    expect(told(new AggregateError([{ status: 404 }, 'what']))).toBe('internal bug')
    expect(told(new AggregateError([], 'x', { cause: reset }))).toBe('dependency_failed ambiguous')
    expect(told(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('unavailable transient')
    const waits = [{ status: 429, headers: { 'retry-after': '1' } }, { status: 429, headers: { 'retry-after': '4' } }, refused]
    expect(classify(new AggregateError(waits)).retryAfterMs).toBe(4_000)
  })

  test('in an aggregate of itself end soon', () => {
    const endless = new AggregateError([])
    endless.errors = Array.from({ length: 100 }, () => endless)
    expect(told(endless)).toBe('internal bug')
  })
})

test('programming errors are bugs', () => {
  for (const error of [new TypeError('x'), new RangeError('x'), new ReferenceError('x'), new SyntaxError('x'), new EvalError('x'), new URIError('x'), new Error('x')]) {
    expect(told(error)).toBe('internal bug')
  }
})

test('a zod error is about the argument', () => {
  const zod = (name: string) => Object.assign(new Error('[]'), { name, issues: [{ path: ['age'], message: 'Expected a number.', input: 'x' }] })
  for (const name of ['ZodError', '$ZodError']) {
    expect(told(zod(name))).toBe('invalid_argument permanent')
    expect(toHiveError(zod(name))).toMatchObject({ message: 'Not as expected.', details: { issues: [{ path: ['age'], message: 'Expected a number.' }] } })
    expect(told(Object.assign(new Error('x'), { name }))).toBe('internal bug')
  }
})

test('the message and the facts are read only where they are what they seem', () => {
  const issues = [{ path: ['age'], message: 'Expected a number.' }]
  expect(toHiveError(Object.assign(new Error('Two lint errors.'), { name: 'LintError', issues }))).toMatchObject({ message: 'Two lint errors.', details: {} })
  expect(toHiveError(Object.assign(new Error('x'), { name: 'ZodError', issues: 'many' }))).toMatchObject({ message: 'x', details: {} })
  for (const message of [7, '', undefined, {}]) expect(toHiveError({ code: 'ECONNRESET', message }).message).toBe('A dependency failed')
  for (const thrown of [7, '', Symbol('s'), null]) expect(toHiveError(thrown).message).toBe('Internal error')
  expect(toHiveError('Down.').message).toBe('Down.')
})

test('whatever is thrown, classifying does not throw', () => {
  const hostile = new Proxy({}, { get() { throw new Error('no') }, getPrototypeOf() { throw new Error('no') } })
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const getter = { get code() { throw new Error('no') } }
  for (const thrown of [undefined, null, 'x', '', 0, Number.NaN, 1n, Symbol('s'), () => 1, [], {}, hostile, proxy, getter, Object.create(null)]) {
    expect(classify(thrown)).toEqual({ code: 'internal', kind: 'bug', httpStatus: 500, grpcCode: 13 })
    expect(toHiveError(thrown)).toBeInstanceOf(HiveError)
  }
  fc.assert(fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true }), thrown => { classify(thrown) }))
  const keys = ['code', 'name', 'status', 'statusCode', 'message', 'errcode', 'severity', 'errors', 'cause', 'response', 'headers', 'metadata', 'details', '$metadata', '$fault']
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...keys), fc.anything()), thrown => {
    const { httpStatus, grpcCode } = classify(thrown)
    expect(httpStatus).toBeGreaterThanOrEqual(400)
    expect(httpStatus).toBeLessThan(600)
    expect(grpcCode).toBeGreaterThanOrEqual(1)
    expect(grpcCode).toBeLessThanOrEqual(16)
  }))
})

test('rules stand in front, in order, and one that throws is passed over', () => {
  const own = createClassifier({
    rules: [
      () => { throw new Error('no') },
      thrown => (thrown === 'busy' ? { code: 'unavailable', kind: 'throttled', retryAfterMs: 5 } : undefined),
      thrown => (typeof thrown === 'string' ? 'conflict' : undefined),
      thrown => (thrown === 7 ? { code: 'timeout' } : undefined),
    ],
  })
  expect(own('busy')).toEqual({ code: 'unavailable', kind: 'throttled', httpStatus: 503, grpcCode: 14, retryAfterMs: 5 })
  expect(own('other')).toMatchObject({ code: 'conflict', kind: 'permanent' })
  expect(own(7)).toEqual({ code: 'timeout', kind: 'ambiguous', httpStatus: 504, grpcCode: 4 })
  expect(own({ status: 404 })).toMatchObject({ code: 'not_found' })
})

test('a thrown value becomes an error that keeps it as its cause', () => {
  const thrown = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const error = toHiveError(thrown)
  expect(error).toMatchObject({ code: 'unavailable', kind: 'transient', message: 'connect ECONNREFUSED', cause: thrown })
  expect(error.stack).not.toContain('\n    at ')
  expect(toHiveError(error)).toBe(error)
  expect(toHiveError('plain')).toMatchObject({ code: 'internal', message: 'plain', cause: 'plain', stack: expect.stringContaining('\n    at ') })
  expect(toHiveError(null)).toMatchObject({ message: 'Internal error', cause: null })
  expect(toHiveError('')).toMatchObject({ message: 'Internal error' })
  expect(toHiveError(thrown, { message: 'The bot is down.', classify: () => ({ code: 'timeout', kind: 'bug', httpStatus: 500, grpcCode: 2, retryAfterMs: 9 }) }))
    .toMatchObject({ code: 'timeout', kind: 'bug', message: 'The bot is down.', retryAfterMs: 9 })
})
