import { isErrorCode, isErrorKind, type ErrorCode, type ErrorKind } from '../error-codes.ts'
import { isHiveError } from '../hive-error.ts'
import { awsOutcome } from './aws-errors.ts'
import { outcome, type Classification } from './classification.ts'
import { grpcRetryAfter } from './grpc-retry-info.ts'
import { grpcStatusOutcome } from './grpc-status.ts'
import { httpStatusOutcome } from './http-status.ts'
import { postgresOutcome } from './postgres-states.ts'
import { redisOutcome } from './redis-replies.ts'
import { retryAfterOf } from './retry-after.ts'
import { sqliteOutcome } from './sqlite-codes.ts'
import { systemErrorOutcome } from './system-errors.ts'

/** Says what any thrown value means. Never throws. */
export type Classify = (thrown: unknown) => Classification

/** What a rule may say beside the code. */
export interface RuleFinding {
  /** What went wrong. */
  readonly code: ErrorCode
  /** Overrides the kind that the code has by default. */
  readonly kind?: ErrorKind
  /** How long to wait before the next attempt, in milliseconds. */
  readonly retryAfterMs?: number
}

/** What a rule answers: a code, or a code with its kind and waiting time; undefined leaves the value to the next rule. */
export type RuleOutcome = ErrorCode | RuleFinding | undefined

/** Recognises some thrown values. A rule that throws is passed over. */
export type ClassificationRule = (thrown: unknown) => RuleOutcome

/** How a classifier is made. */
export interface ClassifierOptions {
  /** Rules asked in order before the built-in ones. */
  readonly rules?: readonly ClassificationRule[]
  /** The present in epoch milliseconds, for a Retry-After that is a date; `Date.now` by default. */
  readonly now?: () => number
}

/**
 * Makes a classifier with rules of its own in front of the built-in ones.
 *
 * @example
 * ```ts
 * import { createClassifier } from '@hivekit/errors'
 *
 * const classify = createClassifier({
 *   rules: [thrown => (thrown instanceof Error && thrown.message === 'model overloaded' ? 'capacity_exceeded' : undefined)],
 * })
 * classify(new Error('model overloaded')).kind // 'throttled'
 * ```
 */
export const createClassifier = ({ rules = [], now = Date.now }: ClassifierOptions = {}): Classify => thrown => {
  for (const rule of rules) {
    const ruled = ask(rule, thrown)
    if (ruled) return ruled
  }
  try {
    return recognise(thrown, now, 0) ?? outcome('internal')
  } catch {
    // A proxy or a getter that throws: nothing can be read off it.
    return outcome('internal')
  }
}

/**
 * Says what any thrown value means: what a caller may do about it, our code, and how HTTP and gRPC name it. It knows errors of this
 * suite, Node, DNS, TLS, fetch, HTTP clients and responses, gRPC, SQLite, PostgreSQL, Redis, AWS, zod, and looks through
 * causes and aggregates; what it does not know is `internal`, a bug. Never throws. About 20–100 ns for what is told by its code.
 *
 * @example
 * ```ts
 * import { classify } from '@hivekit/errors'
 *
 * classify(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })).kind // 'transient'
 * classify(new Response(null, { status: 429, headers: { 'retry-after': '2' } })).retryAfterMs // 2000
 * classify(null).code // 'internal'
 * ```
 */
export const classify: Classify = createClassifier()

const ask = (rule: ClassificationRule, thrown: unknown): Classification | undefined => {
  try {
    const answer = rule(thrown)
    if (typeof answer !== 'object') return answer && outcome(answer)
    return waiting(outcome(answer.code, answer.kind), answer.retryAfterMs)
  } catch {
    return undefined
  }
}

/** How far causes are followed; an aggregate counts for three, so that one of aggregates ends soon. */
const maxDepth = 8

/** The properties that the shapes below are told by. */
type Shape = Readonly<Partial<Record<
  | 'cause' | 'code' | 'details' | 'errcode' | 'errors' | 'headers' | 'issues' | 'kind' | 'message' | 'metadata' | 'name' | 'response'
  | 'retryAfterMs' | 'severity' | 'sqlState' | 'status' | 'statusCode',
  unknown
>>> & object

const recognise = (thrown: unknown, now: () => number, depth: number): Classification | undefined => {
  if (typeof thrown !== 'object' || thrown === null || depth > maxDepth) return undefined
  const error: Shape = thrown
  const { code } = error
  return (
    (typeof code === 'string' ? byStringCode(code, error) : undefined) ??
    byName(error, now, depth) ??
    byGrpc(error) ??
    byHttp(error, now) ??
    byAggregate(error, now, depth) ??
    recognise(error.cause, now, depth + 1)
  )
}

const byStringCode = (code: string, error: Shape): Classification | undefined => {
  if (isErrorCode(code)) return byOurCode(code, error)
  const system = systemErrorOutcome(code, error)
  if (system) return system === cancelled ? byAbort(error) : system
  if (code === 'ERR_SQLITE_ERROR') return sqliteOutcome(typeof error.errcode === 'number' ? error.errcode : code)
  if (code.startsWith('SQLITE_')) return sqliteOutcome(code)
  return typeof error.severity === 'string' ? postgresOutcome(code, error.message) : undefined
}

/** An error or a problem document of ours, from this copy of the module or from another process. */
const byOurCode = (code: ErrorCode, error: Shape) => {
  const base = outcome(code, isErrorKind(error.kind) ? error.kind : undefined)
  return typeof error.retryAfterMs === 'number' ? waiting(base, error.retryAfterMs) : base
}

const cancelled = outcome('cancelled')

/** Aborted because time was up, or for a reason that is an error of ours, is not the same as cancelled. */
const byAbort = ({ cause }: Shape): Classification => {
  const { name } = typeof cause === 'object' && cause !== null ? (cause as Shape) : {}
  if (name === 'TimeoutError') return outcome('timeout')
  return isHiveError(cause) ? byOurCode(cause.code, cause) : cancelled
}

const byName = (error: Shape, now: () => number, depth: number): Classification | undefined => {
  const { name } = error
  if (typeof name !== 'string') return undefined
  switch (name) {
    case 'AbortError': return byAbort(error)
    case 'ZodError':
    case '$ZodError': return Array.isArray(error.issues) ? outcome('invalid_argument') : undefined
    case 'QuotaExceededError': return outcome('storage_full')
    case 'TimeoutError': return awsOutcome(name, error) ?? outcome('timeout')
    case 'TypeError':
    case 'RangeError':
    case 'ReferenceError':
    case 'SyntaxError':
    case 'EvalError':
    case 'URIError': return recognise(error.cause, now, depth + 1) ?? byHttp(error, now) ?? outcome('internal')
    default: return withRetryAfter(awsOutcome(name, error), error, now) ?? redisOutcome(name, error.message)
  }
}

/** grpc-js has metadata beside a numeric code, Connect calls itself ConnectError, and Google's JSON names the status. */
const byGrpc = (error: Shape): Classification | undefined => {
  const { code, status, details, metadata, name } = error
  const isGrpc = typeof code === 'number' && (typeof details === 'string' || metadata !== undefined || name === 'ConnectError')
  const found = grpcStatusOutcome(isGrpc ? code : typeof status === 'string' ? status : undefined)
  if (!found) return undefined
  const retryAfterMs = safely(() => grpcRetryAfter(error as Parameters<typeof grpcRetryAfter>[0]))
  return retryAfterMs !== undefined && retryAfterMs < 0 ? { ...found, kind: 'permanent' } : waiting(found, retryAfterMs)
}

/** A Response, an error that carries one (axios, got, ky, octokit), or an error that carries a status itself (http-errors, undici). */
const byHttp = (error: Shape, now: () => number): Classification | undefined => {
  const { response } = error
  const inner: Shape = typeof response === 'object' && response !== null ? response : {}
  const found =
    httpStatusOutcome(error.status) ?? httpStatusOutcome(error.statusCode) ?? httpStatusOutcome(inner.status) ?? httpStatusOutcome(inner.statusCode)
  return withRetryAfter(found, error, now)
}

const withRetryAfter = (found: Classification | undefined, error: Shape, now: () => number): Classification | undefined => {
  if (!found) return undefined
  const { response, $response } = error as { readonly response?: Shape; readonly $response?: Shape }
  const retryAfterMs = retryAfterOf(error.headers ?? response?.headers ?? $response?.headers, now)
  // GitHub and others say 403 when they mean 429.
  const meant = retryAfterMs !== undefined && found.httpStatus === 403 ? { ...outcome('rate_limited'), httpStatus: 403 } : found
  return waiting(meant, retryAfterMs)
}

/** Of several failures the gravest counts: what cannot be repeated outranks what can. */
const gravity: readonly ErrorKind[] = ['transient', 'throttled', 'ambiguous', 'permanent', 'bug']

const byAggregate = ({ errors }: Shape, now: () => number, depth: number): Classification | undefined => {
  if (!Array.isArray(errors) || errors.length === 0) return undefined
  const parts = errors.slice(0, 16).map(error => recognise(error, now, depth + 3) ?? outcome('internal'))
  const gravest = parts.reduce((a, b) => (gravity.indexOf(b.kind) > gravity.indexOf(a.kind) ? b : a))
  const waits = parts.flatMap(part => part.retryAfterMs ?? [])
  return waits.length === 0 ? gravest : waiting(gravest, Math.max(...waits))
}

const waiting = (found: Classification, retryAfterMs: number | undefined): Classification =>
  retryAfterMs === undefined || !(retryAfterMs >= 0) ? found : { ...found, retryAfterMs }

const safely = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}
