import { readProblem, unreachable, type Problem } from './problem.ts'

/** What came of a request: a value, or why there is none. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

export interface RequestOptions {
  readonly body?: unknown
  /** Makes a repeated write the same write. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** Calls the hive. Never rejects: no answer is a problem too. */
export const request = async <T>(method: string, path: string, options: RequestOptions = {}): Promise<Outcome<T>> => {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.idempotencyKey ? { 'idempotency-key': options.idempotencyKey } : {}),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    if (!response.ok) return { ok: false, problem: await readProblem(response) }
    const text = await response.text()
    return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T }
  } catch {
    return { ok: false, problem: unreachable }
  }
}
