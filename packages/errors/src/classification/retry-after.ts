/** Headers as clients hold them: a `Headers`, or a record whose values are strings or lists. */
type HeadersLike = { readonly get: (name: string) => unknown } | Readonly<Record<string, unknown>>

/**
 * Reads how long a response asks to wait, in milliseconds, 0 or more: `retry-after-ms` and `x-ms-retry-after-ms` (Azure, OpenAI), else
 * `Retry-After` as seconds or as an HTTP date (RFC 9110, 10.2.3). `nowMs` is the present in epoch milliseconds, for the date.
 */
export const retryAfterOf = (headers: unknown, nowMs: () => number): number | undefined => {
  if (typeof headers !== 'object' || headers === null) return undefined
  const exact = header(headers as HeadersLike, 'retry-after-ms') ?? header(headers as HeadersLike, 'x-ms-retry-after-ms')
  if (exact !== undefined && isDecimal(exact)) return Number(exact)
  const text = header(headers as HeadersLike, 'retry-after')
  if (text === undefined) return undefined
  if (isDecimal(text)) return Number(text) * 1_000
  // Date.parse takes almost anything, "-2" too; an HTTP date starts with the day's name.
  const date = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs())
}

const isDecimal = (text: string) => /^\d+(\.\d+)?$/.test(text)

const header = (headers: HeadersLike, name: string): string | undefined => {
  const value: unknown = typeof headers.get === 'function' ? headers.get(name) : record(headers, name)
  const first: unknown = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' ? first.trim() : typeof first === 'number' ? String(first) : undefined
}

const record = (headers: Readonly<Record<string, unknown>>, name: string) =>
  headers[name] ?? headers[Object.keys(headers).find(key => key.toLowerCase() === name) ?? name]
