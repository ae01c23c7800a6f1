import type { HiveError } from '@hivekit/errors'
import { expectKnown, expectNumber } from './expect.ts'

/** What becomes of jobs that fail. */
export interface RetryOptions {
  /** How often a job is started at most, a whole number, 1 or more. Default 5. */
  readonly maxAttempts?: number
  /** The pause after the first failure, in milliseconds; it doubles with every further one. Default 1,000. */
  readonly baseMs?: number
  /** The longest pause, in milliseconds. Default 300,000. */
  readonly maxMs?: number
  /** Whether this failure is worth another try. Default: yes for the kinds `transient`, `throttled` and `ambiguous`. */
  readonly when?: (error: HiveError) => boolean
}

/** Answers the pause before the next attempt, in milliseconds, or `undefined` when there is none. */
export type RetryPolicy = (error: HiveError, attempts: number) => number | undefined

/** A handler may be given a job twice anyway, so an unknown outcome is tried again like a plain failure. */
const worthIt = ({ kind }: HiveError): boolean => kind === 'transient' || kind === 'throttled' || kind === 'ambiguous'

export const createRetryPolicy = (options: RetryOptions): RetryPolicy & { readonly maxAttempts: number } => {
  expectKnown('queue.retry', options, ['maxAttempts', 'baseMs', 'maxMs', 'when'])
  const maxAttempts = expectNumber('queue.retry.maxAttempts', options.maxAttempts ?? 5, 1)
  const baseMs = expectNumber('queue.retry.baseMs', options.baseMs ?? 1000, 0)
  const maxMs = expectNumber('queue.retry.maxMs', options.maxMs ?? 300_000, 0)
  const when = options.when ?? worthIt
  const policy: RetryPolicy = (error, attempts) => {
    if (attempts >= maxAttempts || !when(error)) return undefined
    if (error.retryAfterMs !== undefined) return error.retryAfterMs
    // Half of it is chance, so that what failed together does not come back together.
    return Math.min(maxMs, baseMs * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2)
  }
  return Object.assign(policy, { maxAttempts })
}
