import { describePart, speakerOf, stateNote } from './plain-parts.ts'
import type { SessionSource } from './session-source.ts'

/** Writes plain text, as it was said. */
export const exportText = async function* (source: SessionSource, time: (at: number) => string): AsyncGenerator<string> {
  const { session } = source
  yield `${session.title || 'Untitled session'}\nBot: ${session.botId}\nBegun: ${time(session.createdAt)}\n`
  for await (const message of source.messages()) {
    yield `\n[${time(message.createdAt)}] ${speakerOf(message, session.botId)}:\n`
    for (const part of message.parts) {
      if (part.type === 'text') yield `${String(part.text)}\n`
      else {
        const { heading, text } = describePart(part)
        yield `(${heading})\n${text === '' ? '' : `${text}\n`}`
      }
    }
    for (const { name, mediaType, bytes } of message.attachments) yield `(Attachment: ${name}, ${mediaType}, ${bytes} bytes)\n`
    const note = stateNote(message)
    if (note !== '') yield `(${note})\n`
  }
}
