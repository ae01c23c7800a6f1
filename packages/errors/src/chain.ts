import type { HiveError } from './hive-error.ts'
import type { Result } from './result.ts'

/** One step of a {@link chain}: takes a value, and answers the next or the failure that ends the chain. */
export type Stage<In, Out> = (value: In) => Result<Out, HiveError> | PromiseLike<Result<Out, HiveError>>

/**
 * Runs stages one after the other, each on the value of the one before, and stops at the first failure. What neverthrow's `ResultAsync`
 * does, on plain promises and at a fraction of its cost; a stage that throws rejects, as an `async` function does.
 *
 * @example
 * ```ts
 * import { chain, fail, ok } from '@hivekit/errors'
 *
 * const answer = await chain(
 *   '42',
 *   text => (/^\d+$/.test(text) ? ok(Number(text)) : fail('invalid_argument', 'Not a number.')),
 *   async n => ok(n / 2),
 * )
 * answer.isOk() // true: 21
 * ```
 */
export function chain<A, B>(start: A, first: Stage<A, B>): Promise<Result<B, HiveError>>
export function chain<A, B, C>(start: A, first: Stage<A, B>, second: Stage<B, C>): Promise<Result<C, HiveError>>
export function chain<A, B, C, D>(start: A, first: Stage<A, B>, second: Stage<B, C>, third: Stage<C, D>): Promise<Result<D, HiveError>>
export function chain<A, B, C, D, E>(
  start: A, first: Stage<A, B>, second: Stage<B, C>, third: Stage<C, D>, fourth: Stage<D, E>,
): Promise<Result<E, HiveError>>
export async function chain(start: unknown, ...stages: readonly Stage<unknown, unknown>[]): Promise<Result<unknown, HiveError>> {
  let result = await stages[0]!(start)
  for (let i = 1; i < stages.length && result.isOk(); i++) result = await stages[i]!(result.value)
  return result
}
