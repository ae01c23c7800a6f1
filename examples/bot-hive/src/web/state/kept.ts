import type { Keep } from './keep.ts'
import type { Outgoing, Unread } from './view.ts'

const isOutgoing = (value: unknown): value is Outgoing =>
  typeof value === 'object' && value !== null
  && 'key' in value && typeof value.key === 'string'
  && 'sessionId' in value && typeof value.sessionId === 'string'
  && 'text' in value && typeof value.text === 'string'

const isUnread = (value: unknown): value is Unread =>
  typeof value === 'object' && value !== null && 'messageIds' in value && Array.isArray(value.messageIds)

/** What outlived the page: messages that were not accepted yet, and marks of what was not seen. */
export const readKept = (keep: Keep) => {
  const outbox = keep.get('outbox')
  const unread = keep.get('unread')
  return {
    outbox: Array.isArray(outbox) ? outbox.filter(isOutgoing) : [],
    unread: Object.fromEntries(Object.entries(unread ?? {}).filter((entry): entry is [string, Unread] => isUnread(entry[1]))),
  }
}
