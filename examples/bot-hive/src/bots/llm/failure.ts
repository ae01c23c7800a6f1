import { HiveError } from '@hivekit/errors'
import type { LlmSettings } from './settings.ts'

/** Says in plain words what an endpoint that refused wants. */
export const readFailure = async (response: Response, { baseUrl, model, apiKey }: LlmSettings): Promise<HiveError> => {
  const { status } = response
  const said = saidIn(await response.text().catch(() => ''))
  const its = said ? ` It says: ${said}` : ''
  const details = { status }
  if (status === 401 || status === 403) {
    const key = apiKey ? 'does not accept `LLM_API_KEY`' : 'wants a key: set `LLM_API_KEY`'
    return new HiveError('unauthenticated', `${baseUrl.host} ${key} (${status}).${its}`, { details })
  }
  if (status === 404)
    return new HiveError('not_found', `${baseUrl.host} knows no model \`${model}\`, or \`LLM_BASE_URL\` has the wrong path (404).${its}`, { details })
  if (status === 429) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    const when = seconds >= 0 ? ` Try again in ${seconds} s.` : ' Try again later.'
    return new HiveError('rate_limited', `${baseUrl.host} has had enough for now (429).${when}${its}`, {
      details,
      ...(seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {}),
    })
  }
  return new HiveError(status >= 500 ? 'unavailable' : 'dependency_failed', `${baseUrl.host} answered ${status}.${its}`, { details })
}

const saidIn = (body: string): string => {
  try {
    const { error, message } = JSON.parse(body) as { error?: string | { message?: unknown }, message?: unknown }
    const said = (typeof error === 'object' ? error.message : error) ?? message
    return typeof said === 'string' ? said.slice(0, 500) : ''
  } catch {
    return ''
  }
}
