import type { ErrorCode } from './error-codes.ts'
import type { HiveError } from './hive-error.ts'

/** An error whose reason is known to the compiler. */
export interface WithReason<Reason extends string> {
  /** The narrower code, as `domain.name`. */
  readonly reason: Reason
}

/** An error whose code is known to the compiler. */
export interface WithCode<Code extends ErrorCode> {
  /** What went wrong. */
  readonly code: Code
}

/** What {@link match} tells errors apart by: the reason where one is declared, else the code. */
export type MatchKey<E extends HiveError> = E extends WithReason<infer Reason extends string> ? Reason : E['code']

/** The errors of a union that have one reason or code. */
export type MatchedError<E extends HiveError, Key extends string> = E extends WithReason<infer Reason extends string>
  ? Reason extends Key ? E : never
  : Key extends ErrorCode ? E & WithCode<Key> : never

/** One handler for every reason or code that the error may have. */
export type MatchHandlers<E extends HiveError, R> = { readonly [Key in MatchKey<E>]: (error: MatchedError<E, Key>) => R }

/** What the handlers return between them. */
export type Handled<H> = { [Key in keyof H]: H[Key] extends (...args: never) => infer R ? R : never }[keyof H]

/**
 * Calls the handler of the error's reason, or else of its code. Without `otherwise` every one must be handled: leaving one out does
 * not compile. An error that no handler knows (made by a newer version elsewhere) goes to `otherwise`, or a TypeError is thrown.
 *
 * @example
 * ```ts
 * import { HiveError, match } from '@hivekit/errors'
 *
 * const error = new HiveError('not_found', 'No bot "x".')
 * match(error, { not_found: () => 404, conflict: () => 409 }, () => 500) // 404
 * ```
 */
export function match<E extends HiveError, const H extends MatchHandlers<E, unknown>>(error: E, handlers: H): Handled<H>
export function match<E extends HiveError, const H extends Partial<MatchHandlers<E, unknown>>, R>(
  error: E,
  handlers: H,
  otherwise: (error: E) => R,
): Handled<H> | R
export function match(error: HiveError, handlers: object, otherwise?: (error: HiveError) => unknown): unknown {
  const known = handlers as Readonly<Record<string, ((error: HiveError) => unknown) | undefined>>
  const key = [error.reason, error.code].find(name => name !== undefined && Object.hasOwn(known, name))
  const handler = (key === undefined ? undefined : known[key]) ?? otherwise
  if (!handler) {
    throw new TypeError(`Expected a handler for ${error.reason ?? error.code}; got ${Object.keys(known).join(', ') || 'none'}.`)
  }
  return handler(error)
}
