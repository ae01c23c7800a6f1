import { fail, type HiveError, ok, type Result } from '@hivekit/errors'

/** Where the model is and how to speak to it. */
export interface LlmSettings {
  /** Ends with a slash. */
  readonly baseUrl: URL
  /** Local servers need none. */
  readonly apiKey: string | undefined
  readonly model: string
  /** Said before the conversation. */
  readonly systemPrompt: string | undefined
  /** The longest silence of the endpoint, in milliseconds. */
  readonly timeoutMs: number
  /** How much of the conversation is sent along, in characters; the oldest is left out first. */
  readonly maxContextChars: number
}

/** Reads the settings from the environment, or says exactly what to set. */
export const readSettings = (env: Readonly<Record<string, string | undefined>>): Result<LlmSettings, HiveError> => {
  const { LLM_BASE_URL, LLM_API_KEY, LLM_MODEL, LLM_SYSTEM_PROMPT, LLM_TIMEOUT_MS, LLM_MAX_CONTEXT_CHARS } = env
  if (!LLM_BASE_URL || !LLM_MODEL) return fail('unavailable', howToSet([LLM_BASE_URL ? '' : 'LLM_BASE_URL', LLM_MODEL ? '' : 'LLM_MODEL']))
  const baseUrl = URL.parse(LLM_BASE_URL.endsWith('/') ? LLM_BASE_URL : `${LLM_BASE_URL}/`)
  if (baseUrl === null || !/^https?:$/.test(baseUrl.protocol))
    return fail('unavailable', `\`LLM_BASE_URL\` is not an http address: \`${LLM_BASE_URL}\`. An example: \`https://api.openai.com/v1\`.`)
  const numbers = { LLM_TIMEOUT_MS: LLM_TIMEOUT_MS ?? '60000', LLM_MAX_CONTEXT_CHARS: LLM_MAX_CONTEXT_CHARS ?? '200000' }
  for (const [name, value] of Object.entries(numbers)) {
    if (!/^[1-9]\d{0,8}$/.test(value)) return fail('unavailable', `\`${name}\` is not a whole number above 0: \`${value}\`.`)
  }
  return ok({
    baseUrl,
    apiKey: LLM_API_KEY || undefined,
    model: LLM_MODEL,
    systemPrompt: LLM_SYSTEM_PROMPT || undefined,
    timeoutMs: Number(numbers.LLM_TIMEOUT_MS),
    maxContextChars: Number(numbers.LLM_MAX_CONTEXT_CHARS),
  })
}

const howToSet = (missing: readonly string[]) => [
  `I have no model to talk to yet: ${missing.filter(Boolean).map(name => `\`${name}\``).join(' and ')} ${missing.every(Boolean) ? 'are' : 'is'} not set.`,
  '',
  'Set these where the hive is started, or under `env` of this bot in `hive.config.json`, and restart me:',
  '',
  '- `LLM_BASE_URL`: an OpenAI-compatible endpoint, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`',
  '- `LLM_MODEL`: the name of the model there',
  '- `LLM_API_KEY`: its key, if it wants one',
].join('\n')
