import { errorCodes } from '../error-codes.ts'
import { HiveError, isHiveError } from '../hive-error.ts'
import { classify as builtIn, type Classify } from './classify.ts'

/** How a thrown value becomes an error of ours. */
export interface ToHiveErrorOptions {
  /** The classifier to ask; {@link classify} by default. */
  readonly classify?: Classify
  /** The message; by default that of the thrown error. */
  readonly message?: string
}

/**
 * Makes a {@link HiveError} of any thrown value, with the value as its cause. An error of ours is returned as it is.
 * Where the cause has a stack, the new error captures none of its own. Never throws.
 *
 * @example
 * ```ts
 * import { err, ok, toHiveError, type HiveError, type Result } from '@hivekit/errors'
 *
 * const parse = (text: string): Result<unknown, HiveError> => {
 *   try {
 *     return ok(JSON.parse(text))
 *   } catch (thrown) {
 *     return err(toHiveError(thrown))
 *   }
 * }
 * parse('{').isErr() // true
 * ```
 */
export const toHiveError = (thrown: unknown, { classify = builtIn, message }: ToHiveErrorOptions = {}): HiveError => {
  if (isHiveError(thrown)) return thrown
  const { code, kind, retryAfterMs } = classify(thrown)
  const read = readable(thrown)
  return new HiveError(code, message ?? read.message ?? errorCodes[code].title, {
    kind,
    cause: thrown,
    stack: read.hasStack ? 'none' : 'full',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(read.issues && { details: { issues: read.issues } }),
  })
}

interface Readable {
  readonly message?: string
  readonly hasStack?: boolean
  readonly issues?: readonly unknown[]
}

const readable = (thrown: unknown): Readable => {
  if (typeof thrown === 'string' && thrown !== '') return { message: thrown }
  if (typeof thrown !== 'object' || thrown === null) return {}
  try {
    const { message, name, issues } = thrown as Readonly<Record<string, unknown>>
    return {
      // Asking for the stack itself would have it written out, which costs more than all else here.
      hasStack: Object.hasOwn(thrown, 'stack'),
      ...(typeof message === 'string' && message !== '' ? { message } : {}),
      ...(Array.isArray(issues) && String(name).endsWith('ZodError') ? { issues: issues.map(issueOf), message: 'Not as expected.' } : {}),
    }
  } catch {
    return {}
  }
}

const issueOf = ({ path, message }: { readonly path?: unknown; readonly message?: unknown }) => ({ path, message })
