import { Readable } from 'node:stream'
import { ZipArchive } from 'archiver'
import type { Attachment } from '../message.ts'
import { exportJson } from './export-json.ts'
import { exportMarkdown } from './export-markdown.ts'
import { safeFileName } from './file-name.ts'
import type { SessionSource } from './session-source.ts'

/** Bundles the JSON document, the Markdown and the attachments' files, under names of our own making. */
export const exportZip = async function* (source: SessionSource, time: (at: number) => string): AsyncGenerator<Uint8Array> {
  const archive = new ZipArchive({ zlib: { level: 6 } })
  const date = new Date(source.session.updatedAt)
  const add = (content: AsyncIterable<string | Uint8Array>, name: string) => {
    const stream = Readable.from(content, { objectMode: false })
    const added = new Promise<void>((resolve, reject) => {
      archive.once('entry', () => resolve())
      stream.once('error', reject)
    })
    archive.append(stream, { name, date })
    return added
  }
  const fill = async () => {
    await add(exportJson(source), 'session.json')
    const files: Attachment[] = []
    const seen = new Set<string>()
    const markdown = exportMarkdown({
      ...source,
      messages: async function* () {
        for await (const message of source.messages()) {
          for (const attachment of message.attachments) {
            if (!seen.has(attachment.id)) files.push(attachment)
            seen.add(attachment.id)
          }
          yield message
        }
      },
    }, time)
    await add(markdown, 'session.md')
    for (const [i, { id, name }] of files.entries()) {
      const content = await source.file(id)
      if (content) await add(content, `attachments/${String(i + 1).padStart(3, '0')}-${safeFileName(name, 'file')}`)
    }
    await archive.finalize()
  }
  fill().catch((error: unknown) => archive.destroy(error as Error))
  yield* archive as AsyncIterable<Uint8Array>
}
