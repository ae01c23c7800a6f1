import { problemOf, unreachable, type Problem } from './problem.ts'

/** What came of a call: a value, or why there is none. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

/** What a call of the client answers. */
interface Answer<T> { readonly data?: T; readonly error?: unknown; readonly response: Response }

/** Reads what the client answered. Never rejects: no answer is a problem too. */
export const outcomeOf = async <T>(answer: Promise<Answer<T>>): Promise<Outcome<T>> => {
  try {
    const { data, error, response } = await answer
    return response.ok ? { ok: true, value: data as T } : { ok: false, problem: problemOf(response, error) }
  } catch {
    return { ok: false, problem: unreachable }
  }
}
