import type { z } from 'zod'
import type { Problem as ProblemSchema } from '../../hive/model.ts'

/** Why something could not be done, in the hive's own words (RFC 9457). */
export type Problem = z.infer<typeof ProblemSchema>

/** Stands for the hive when it could not answer. */
export const unreachable: Problem = {
  type: 'about:blank',
  title: 'No connection',
  status: 0,
  detail: 'The hive cannot be reached.',
  code: 'unreachable',
  kind: 'transient',
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'detail' in value && typeof value.detail === 'string'

/** The problem that an answer tells of, or one made of an answer that has none. */
export const problemOf = (response: Response, body: unknown): Problem => {
  if (isProblem(body)) return { ...body, status: response.status }
  return {
    type: 'about:blank',
    title: response.statusText || 'Unexpected answer',
    status: response.status,
    detail: `The hive answered ${response.status} without saying why.`,
    code: 'unexpected_answer',
    kind: response.status >= 500 ? 'transient' : 'permanent',
  }
}
