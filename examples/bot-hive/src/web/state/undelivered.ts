import type { Message, Outgoing } from './view.ts'

const said = (message: Message) => message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')

/**
 * What is still to be shown as being sent. The stream may bring a message before the answer that names it;
 * until then it is told by its text, so that it is never seen twice.
 */
export const undelivered = (outbox: readonly Outgoing[], sessionId: string, messages: readonly Message[]): readonly Outgoing[] => {
  const taken = new Set<string>()
  return outbox.filter(outgoing => {
    if (outgoing.sessionId !== sessionId) return false
    const stored = messages.find(message =>
      !taken.has(message.id)
      && (message.id === outgoing.messageId
        || (message.role === 'user' && message.seq > outgoing.afterSeq && said(message) === outgoing.text)))
    if (stored) taken.add(stored.id)
    return !stored
  })
}
