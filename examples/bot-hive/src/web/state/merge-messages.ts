import type { Conversation, Delta, Message, MessagePart } from './view.ts'

const size = (message: Message) =>
  message.parts.reduce((sum, part) => sum + ('text' in part && part.text ? part.text.length : 1), 0)

/** Of two readings of one message, the later: two sources race (the stream and a page that was asked for). */
const fresher = (known: Message, read: Message): Message => {
  if (known.updatedAt !== read.updatedAt) return known.updatedAt > read.updatedAt ? known : read
  return size(known) > size(read) ? known : read
}

/** Puts messages into their places by `seq`, keeping the identity of those that did not change. */
export const mergeMessages = (known: readonly Message[], read: readonly Message[]): readonly Message[] => {
  const byId = new Map(known.map(message => [message.id, message]))
  let changed = false
  for (const message of read) {
    const before = byId.get(message.id)
    const after = before ? fresher(before, message) : message
    if (after === before) continue
    byId.set(message.id, after)
    changed = true
  }
  return changed ? [...byId.values()].toSorted((a, b) => a.seq - b.seq) : known
}

const withPart = (message: Message, index: number, part: MessagePart): Message => {
  const parts = [...message.parts]
  parts[index] = part
  return { ...message, parts, state: message.state === 'pending' ? 'streaming' : message.state }
}

/** Lets a part of a message grow. `undefined`: something before the delta was missed. */
export const growMessage = (message: Message, delta: Delta): Message | undefined => {
  const part = message.parts[delta.part]
  if (!part) {
    return delta.at === 0 && delta.part === message.parts.length
      ? withPart(message, delta.part, { type: 'text', text: delta.text })
      : undefined
  }
  if (part.type !== 'text' && part.type !== 'thought') return message
  const known = part.text.length
  if (delta.at > known) return undefined
  if (delta.at + delta.text.length <= known) return message
  return withPart(message, delta.part, { ...part, text: part.text.slice(0, delta.at) + delta.text })
}

/** The conversation with one delta more; it waits when what it belongs to was not read yet. */
export const growConversation = (conversation: Conversation, delta: Delta): Conversation => {
  const index = conversation.messages.findLastIndex(message => message.id === delta.messageId)
  const message = conversation.messages[index]
  if (!message) {
    // An older page may hold it, and then it is read with that page; only a gap at the end is a loss.
    return conversation.state === 'loading' ? { ...conversation, early: [...conversation.early, delta] } : conversation
  }
  if (message.state !== 'pending' && message.state !== 'streaming') return conversation
  const grown = growMessage(message, delta)
  if (!grown) return { ...conversation, early: [...conversation.early, delta], stale: true }
  if (grown === message) return conversation
  const messages = [...conversation.messages]
  messages[index] = grown
  return { ...conversation, messages }
}

/** Applies what came too early, once more of the session is known. */
export const settleEarly = (conversation: Conversation): Conversation => {
  const ready: Conversation = { ...conversation, early: [], stale: false }
  return conversation.early.reduce(growConversation, ready)
}
