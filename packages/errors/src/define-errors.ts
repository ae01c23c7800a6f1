import { errorCodes, isErrorCode, type ErrorCode, type ErrorKind } from './error-codes.ts'
import { HiveError, type HiveErrorOptions } from './hive-error.ts'
import type { StackCapture } from './stack-capture.ts'

/** Declares one failure of a package or an application. */
export interface ErrorDefinition<Code extends ErrorCode = ErrorCode, Details extends object = object> {
  /** The code of the closed taxonomy that this failure is a case of. */
  readonly code: Code
  /** The sentence a person reads, a constant or made from the details. */
  readonly message: string | ((details: Details) => string)
  /** Overrides the kind that the code has by default. */
  readonly kind?: ErrorKind
  /** Whether these errors capture a stack; `full` by default. */
  readonly stack?: StackCapture
}

/** A {@link HiveError} whose reason, code and details are known to the compiler. */
export type DefinedError<Reason extends string, Code extends ErrorCode, Details extends object> = HiveError & {
  /** The narrower code, as `domain.name`. */
  readonly reason: Reason
  /** The code of the closed taxonomy. */
  readonly code: Code
  /** The facts the message was made of. */
  readonly details: Readonly<Details>
}

/** A definition whose message is made from details. */
export interface MessageFrom<Details extends object> {
  /** Makes the sentence a person reads. */
  readonly message: (details: Details) => string
}

/** The details that a definition's message asks for; none when it is a constant. */
export type DetailsOf<Definition> = Definition extends MessageFrom<infer Details extends object>
  ? Details
  : Readonly<Record<string, never>>

/** What a defined error may carry beside its details. */
export type DefinedErrorOptions = Pick<HiveErrorOptions, 'cause' | 'kind' | 'retryAfterMs'>

/** Makes one defined error; it takes details only when the message is made from them. */
export type ErrorFactory<Reason extends string, Definition extends ErrorDefinition<ErrorCode, never>> = (
  ...args: Record<string, never> extends DetailsOf<Definition>
    ? [details?: DetailsOf<Definition>, options?: DefinedErrorOptions]
    : [details: DetailsOf<Definition>, options?: DefinedErrorOptions]
) => DefinedError<Reason, Definition['code'], DetailsOf<Definition>>

/** The factories of a domain's errors, by their short names. */
export type ErrorFactories<Domain extends string, Definitions extends Readonly<Record<string, ErrorDefinition<ErrorCode, never>>>> = {
  readonly [Name in keyof Definitions & string]: ErrorFactory<`${Domain}.${Name}`, Definitions[Name]>
}

/**
 * The union of the errors that a set of factories makes; `match` is exhaustive over it.
 *
 * @typeParam Factories - what `defineErrors` returned
 */
export type ErrorsOf<Factories extends Readonly<Record<string, (...args: never) => HiveError>>> = ReturnType<Factories[keyof Factories]>

const namePattern = /^[a-z][a-z0-9_]*$/

/**
 * Declares the failures of a package or an application, each a case of one code of the closed taxonomy.
 * The narrower code travels as the error's `reason`, and {@link match} is exhaustive over it.
 *
 * Throws a TypeError if the domain or a name is not snake_case, or a code is not of the taxonomy.
 *
 * @example
 * ```ts
 * import { defineErrors, match, type ErrorsOf } from '@hivekit/errors'
 *
 * const chatErrors = defineErrors('chat', {
 *   session_archived: { code: 'conflict', message: ({ id }: { id: string }) => `Session "${id}" is archived.` },
 *   too_many_sessions: { code: 'capacity_exceeded', message: 'This bot has all the sessions it may have.' },
 * })
 * const error: ErrorsOf<typeof chatErrors> = chatErrors.session_archived({ id: 's1' })
 * match(error, {
 *   'chat.session_archived': ({ details }) => `restore ${details.id}`,
 *   'chat.too_many_sessions': () => 'close one',
 * }) // 'restore s1'
 * ```
 */
export const defineErrors = <const Domain extends string, const Definitions extends Readonly<Record<string, ErrorDefinition<ErrorCode, never>>>>(
  domain: Domain,
  definitions: Definitions,
): ErrorFactories<Domain, Definitions> => {
  expectSnakeCase('domain', domain)
  const factories = Object.entries(definitions).map(([name, definition]) => {
    expectSnakeCase('name', name)
    if (!isErrorCode(definition.code)) {
      throw new TypeError(`Expected the code of "${name}" to be one of ${Object.keys(errorCodes).join(', ')}; got ${String(definition.code)}.`)
    }
    return [name, factoryOf(`${domain}.${name}`, definition as ErrorDefinition)] as const
  })
  return Object.freeze(Object.fromEntries(factories)) as unknown as ErrorFactories<Domain, Definitions>
}

const factoryOf = (reason: string, { code, message, kind, stack }: ErrorDefinition) =>
  (details: object = {}, options: DefinedErrorOptions = {}): HiveError =>
    new HiveError(code, typeof message === 'string' ? message : message(details), {
      ...(kind && { kind }),
      ...(stack && { stack }),
      ...options,
      reason,
      details: details as Record<string, unknown>,
    })

const expectSnakeCase = (what: string, text: string) => {
  if (!namePattern.test(text)) throw new TypeError(`Expected a ${what} in snake_case, like "session_archived"; got "${text}".`)
}
