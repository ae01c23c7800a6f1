import { expectNumber } from './expect.ts'

/**
 * What is used of a Redis or Valkey client: `eval`, as ioredis has it. For the `redis` package, give
 * `{ eval: (script, count, ...rest) => client.eval(script, { keys: rest.slice(0, count), arguments: rest.slice(count) }) }`.
 */
export interface RedisCommands {
  /** Runs a script with so many keys, then its arguments. */
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** What the limits in Redis share. */
export interface RedisLimitOptions {
  /** The client. Its owner connects and closes it. Let it fail fast: `enableOfflineQueue: false`, or a `commandTimeout`. */
  readonly client: RedisCommands
  /** The name of the limit in Redis; processes that use the same name share the limit. */
  readonly name: string
  /** While Redis does not answer: `open` admits by this process's own share of the limit, `closed` refuses once its leases are used up. */
  readonly whenDown: 'open' | 'closed'
  /** How long an answer may take before Redis counts as down, in milliseconds. Default 500. */
  readonly timeoutMs?: number
}

/** Sends one script at a time and never longer than the timeout; `undefined` stands for no answer. */
export const createRedisCaller = ({ client, timeoutMs = 500 }: RedisLimitOptions) => {
  expectNumber('timeoutMs', timeoutMs, 1)
  return async (script: string, keys: readonly string[], ...args: readonly number[]): Promise<number[] | undefined> => {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(resolve, timeoutMs, undefined)
    try {
      const call = client.eval(script, keys.length, ...keys, ...args.map(String))
      const answer = await Promise.race([call, promise])
      // The answer of a call that was given up on is nobody's.
      void call.catch(() => {})
      return answer === undefined ? undefined : (answer as unknown[]).map(Number)
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }
}
