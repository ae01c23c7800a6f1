import { HiveError } from '@hivekit/errors'
import type { SessionLimits } from './limits.ts'
import type { Attachment, MessagePart } from './message.ts'
import { encodeParts } from './parts-json.ts'

const invalid = (message: string) => new HiveError('invalid_argument', message)
const tooLarge = (what: string, limit: number, unit: string) => new HiveError('too_large', `${what} more than ${limit} ${unit}.`)

/** Says what is wrong with one part, if anything is. */
export const checkPart = (part: unknown): HiveError | undefined => {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return invalid('A part must be an object.')
  const { type, text } = part as Record<string, unknown>
  if (typeof type !== 'string' || type === '' || type.length > 100) return invalid("A part's type must be a string of 1 to 100 characters.")
  if (type === 'text' && typeof text !== 'string') return invalid("A text part's text must be a string.")
  return undefined
}

/** A message's content as JSON, checked against the limits. */
export const encodeContent = (
  parts: readonly MessagePart[],
  attachments: readonly Attachment[],
  limits: Required<SessionLimits>,
): { readonly parts: string, readonly attachments: string | null } | HiveError => {
  if (!Array.isArray(parts)) return invalid('The parts must be an array.')
  if (parts.length > limits.maxParts) return tooLarge('A message has', limits.maxParts, 'parts')
  let textBytes = 0
  for (const part of parts as readonly MessagePart[]) {
    const wrong = checkPart(part)
    if (wrong) return wrong
    if (part.type === 'text') textBytes += Buffer.byteLength(part.text as string)
  }
  if (textBytes > limits.maxTextBytes) return tooLarge("A message's text has", limits.maxTextBytes, 'bytes')
  if (!Array.isArray(attachments)) return invalid('The attachments must be an array.')
  if (attachments.length > limits.maxAttachments) return tooLarge('A message has', limits.maxAttachments, 'attachments')
  for (const attachment of attachments as readonly unknown[]) {
    if (!isAttachment(attachment)) return invalid('An attachment needs an id, a name, a mediaType and a size in bytes.')
  }
  const json = attempt(() => encodeParts(parts))
  if (json === undefined) return invalid('The parts cannot be written as JSON.')
  const attached = attachments.length === 0 ? null : JSON.stringify(attachments)
  if (Buffer.byteLength(json) + (attached?.length ?? 0) > limits.maxMessageBytes) {
    return tooLarge('A message has', limits.maxMessageBytes, 'bytes')
  }
  return { parts: json, attachments: attached }
}

/** JSON, or nothing where there is none (a cycle, a bigint, a function). */
export const toJson = (value: unknown): string | undefined => attempt(() => JSON.stringify(value))

const attempt = (encode: () => string): string | undefined => {
  try {
    return encode()
  } catch {
    return undefined
  }
}

const isAttachment = (value: unknown): value is Attachment => {
  if (typeof value !== 'object' || value === null) return false
  const { id, name, mediaType, bytes, sha256 } = value as Record<keyof Attachment, unknown>
  return typeof id === 'string' && id.length >= 1 && id.length <= 200
    && typeof name === 'string' && name.length <= 1_000
    && typeof mediaType === 'string' && mediaType.length <= 200
    && Number.isSafeInteger(bytes) && (bytes as number) >= 0
    && (sha256 === undefined || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)))
}
