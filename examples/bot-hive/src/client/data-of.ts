import { fromProblemDetails } from '@hivekit/errors'

/** What a call answered, or the error that its problem document tells of. */
export const dataOf = <T>({ data, error }: { readonly data?: T; readonly error?: unknown }): T => {
  if (error !== undefined) throw fromProblemDetails(error)
  return data as T
}
