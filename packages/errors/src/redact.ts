/** What counts as a secret, and what stands in its place. */
export interface RedactOptions {
  /** Keys that are secrets beside the usual ones; compared without regard to case, `-` and `_`. */
  readonly keys?: readonly string[]
  /** What stands in a secret's place; `[redacted]` by default. */
  readonly replacement?: string
  /** How deep objects are followed, 1 or more; 32 by default. What lies deeper becomes the replacement. */
  readonly maxDepth?: number
}

/** A key is a secret when, without case and punctuation, it is one of these or ends in one. */
const secretKeys = [
  'password', 'passwd', 'pwd', 'passphrase', 'secret', 'token', 'apikey', 'accesskey', 'secretkey', 'privatekey', 'signingkey',
  'authorization', 'cookie', 'credential', 'credentials', 'connectionstring',
]

const urlPassword = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#:@]*):[^\s/?#@]+@/gi

/**
 * Copies a value, with secrets replaced: values under secret keys at any depth, and passwords inside URLs.
 * The copy is safe to write as JSON: cycles, bigints, functions, bytes and getters that throw are replaced by what can be written.
 * Never throws, and never changes the value. Linear in its size.
 *
 * @example
 * ```ts
 * import { redact } from '@hivekit/errors'
 *
 * redact({ user: 'ada', apiKey: 'k-1', url: 'postgres://ada:pw@db/x' })
 * // { user: 'ada', apiKey: '[redacted]', url: 'postgres://ada:[redacted]@db/x' }
 * ```
 */
export const redact = (value: unknown, { keys = [], replacement = '[redacted]', maxDepth = 32 }: RedactOptions = {}): unknown => {
  const endings = [...secretKeys, ...keys.map(plain)]
  const isSecret = (key: string) => {
    const name = plain(key)
    return endings.some(ending => name.endsWith(ending))
  }
  const above = new Set<object>()

  const copy = (part: unknown): unknown => {
    if (typeof part === 'string') return part.includes('://') ? part.replace(urlPassword, `$1:${replacement.replaceAll('$', '$$$$')}@`) : part
    if (typeof part === 'bigint') return String(part)
    if (typeof part === 'function' || typeof part === 'symbol') return undefined
    if (typeof part !== 'object' || part === null) return part
    if (above.has(part)) return '[circular]'
    if (above.size >= maxDepth) return replacement
    above.add(part)
    try {
      return copyObject(part)
    } catch {
      return '[unreadable]'
    } finally {
      above.delete(part)
    }
  }

  const copyObject = (part: object): unknown => {
    if (Array.isArray(part)) return Array.from(part, copy)
    if (part instanceof Date) return Number.isNaN(part.getTime()) ? null : part.toISOString()
    if (ArrayBuffer.isView(part)) return `[${part.byteLength} bytes]`
    if (part instanceof Map) return copyEntries([...part].map(([key, item]) => [String(key), item]))
    if (part instanceof Set) return Array.from(part, copy)
    if (part instanceof URL) return copy(part.href)
    if (part instanceof Error) return copyEntries([['name', part.name], ['message', part.message], ...Object.entries(part)])
    return copyEntries(Object.entries(part))
  }

  const copyEntries = (entries: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(entries.map(([key, item]) => [key, isSecret(key) && item != null ? replacement : copy(item)]))

  return copy(value)
}

const plain = (key: string) => key.toLowerCase().replaceAll(/[-_.\s]/g, '')
