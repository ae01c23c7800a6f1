import type { Attachment, Message } from '../message.ts'
import type { Session } from '../session.ts'
import type { SessionSource } from './session-source.ts'

/** Names the document's kind. */
export const exportFormat = 'hivekit-chat-session'
/** The version of the schema that is written. */
export const exportVersion = 1

/** A session as its document has it. */
export const sessionDocument = ({ id, botId, userId, title, createdAt, updatedAt }: Session, data: object): object => ({
  id, botId, ...(userId === undefined ? {} : { userId }), title, createdAt, updatedAt, data,
})

/** A message as its document has it: its session goes without saying. */
export const messageDocument = (message: Message): object => ({ ...message, sessionId: undefined })

/** Writes the JSON document, a message a line, the attachments' bytes at the end. */
export const exportJson = async function* (source: SessionSource): AsyncGenerator<string> {
  yield `{"format":"${exportFormat}","version":${exportVersion},\n"session":${JSON.stringify(sessionDocument(source.session, source.data))},\n"messages":[`
  let first = true
  const files = new Map<string, Attachment>()
  for await (const message of source.messages()) {
    yield `${first ? '' : ','}\n${JSON.stringify(messageDocument(message))}`
    first = false
    for (const attachment of message.attachments) files.set(attachment.id, attachment)
  }
  yield '],\n"files":['
  first = true
  for (const { id } of files.values()) {
    const content = await source.file(id)
    if (!content) continue
    yield `${first ? '' : ','}\n{"id":${JSON.stringify(id)},"base64":"`
    first = false
    let rest = Buffer.alloc(0)
    for await (const chunk of content) {
      // Base64 is whole in threes of bytes.
      const all = Buffer.concat([rest, chunk])
      const whole = all.length - (all.length % 3)
      yield all.toString('base64', 0, whole)
      rest = all.subarray(whole)
    }
    yield `${rest.toString('base64')}"}`
  }
  yield ']}\n'
}
