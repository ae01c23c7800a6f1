import type { Attachment, MessagePart } from '../message.ts'

/** What of a message is searched: the `text` and `title` of its parts, and the names of its attachments. */
export const searchableText = (parts: readonly MessagePart[], attachments: readonly Attachment[]): string => {
  let text = ''
  const take = (value: unknown) => {
    if (typeof value === 'string' && value !== '') text += (text === '' ? '' : '\n\n') + value
  }
  for (const part of parts) {
    if (part.type !== 'text') take((part as { title?: unknown }).title)
    take(part.text)
  }
  for (const { name } of attachments) take(name)
  return text
}
