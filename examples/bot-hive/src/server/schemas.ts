import { z } from 'zod'
import { Problem } from '../hive/model.ts'

/** A list, and where it goes on. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().optional() })

const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: Problem } } })

/** What any call may answer instead. */
export const problems = { '4xx': problem('The call was wrong.'), '5xx': problem('The hive could not do it.') }

export const BotParams = z.object({ botId: z.string().max(200) })
export const SessionParams = z.object({ sessionId: z.string().max(200) })

/** Text that a store and a browser can hold: no NUL, no lone surrogate. */
export const plainText = (minimum: number, maximum: number) => z.string().min(minimum).max(maximum)
  .refine(text => text.isWellFormed() && !text.includes('\0'), 'must be well-formed Unicode without NUL')

/** A whole number in a query string. */
export const queryInteger = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum)
