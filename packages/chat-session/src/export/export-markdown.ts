import { describePart, speakerOf, stateNote } from './plain-parts.ts'
import type { SessionSource } from './session-source.ts'

/** Writes Markdown: what was written in Markdown stays as it was. */
export const exportMarkdown = async function* (source: SessionSource, time: (at: number) => string): AsyncGenerator<string> {
  const { session } = source
  yield `# ${oneLine(session.title) || 'Untitled session'}\n\nBot: ${oneLine(session.botId)}  \nBegun: ${time(session.createdAt)}\n`
  for await (const message of source.messages()) {
    yield `\n## ${message.seq}. ${oneLine(speakerOf(message, session.botId))}, ${time(message.createdAt)}\n`
    for (const part of message.parts) {
      if (part.type === 'text') yield `\n${String(part.text)}\n`
      else {
        const { heading, text } = describePart(part)
        yield `\n> **${oneLine(heading)}**\n${text === '' ? '' : `>\n${text.split('\n').map(line => `> ${line}`).join('\n')}\n`}`
      }
    }
    for (const { name, mediaType, bytes } of message.attachments) yield `\n- Attachment: ${oneLine(name)} (${mediaType}, ${bytes} bytes)\n`
    const note = stateNote(message)
    if (note !== '') yield `\n*${oneLine(note)}*\n`
  }
}

/** Text that stands in a heading or a list: no line of its own, and none of Markdown's marks. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replaceAll(/([\\`*_[\]<>#])/g, '\\$1')
