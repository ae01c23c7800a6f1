import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import type { StoreCore } from '../create-session-store.ts'
import type { Scope } from '../engine.ts'
import { isUuid } from '../ids.ts'
import type { Message } from '../message.ts'
import { noSession } from '../not-found.ts'
import { exportJson } from './export-json.ts'
import { exportMarkdown } from './export-markdown.ts'
import type { ExportedSession, ExportFormat, ExportOptions } from './export-options.ts'
import { exportPdf } from './export-pdf.ts'
import { exportText } from './export-text.ts'
import { exportZip } from './export-zip.ts'
import { safeFileName } from './file-name.ts'
import type { SessionSource } from './session-source.ts'
import { createTimeFormat } from './time-format.ts'

const kinds: Readonly<Record<ExportFormat, readonly [extension: string, mediaType: string]>> = {
  json: ['json', 'application/json'],
  markdown: ['md', 'text/markdown; charset=utf-8'],
  text: ['txt', 'text/plain; charset=utf-8'],
  zip: ['zip', 'application/zip'],
  pdf: ['pdf', 'application/pdf'],
}

/** Messages are read this many at a time. */
const pageSize = 200

/** Prepares an export; nothing but the session's own row is read before its content is. */
export const exportSession = async (core: StoreCore, scope: Scope, sessionId: string, options: ExportOptions): Promise<Result<ExportedSession, HiveError>> => {
  const { format, timeZone = 'UTC', language = 'en', signal, onProgress } = options
  if (!Object.hasOwn(kinds, format)) return fail('invalid_argument', `A format must be one of ${Object.keys(kinds).join(', ')}.`)
  if (!isUuid(sessionId)) return err(noSession(sessionId))
  let time: (at: number) => string
  try {
    time = createTimeFormat(timeZone)
    Intl.getCanonicalLocales(language)
  } catch (error) {
    return fail('invalid_argument', error instanceof Error ? error.message : String(error))
  }
  const { engine, files } = core
  const session = await engine.session(scope, sessionId)
  if (session.isErr()) return err(session.error)
  const data = await engine.data(scope, sessionId)
  if (data.isErr()) return err(data.error)
  const total = session.value.messageCount

  const source: SessionSource = {
    session: session.value,
    data: JSON.parse(data.value) as Readonly<Record<string, unknown>>,
    async *messages() {
      // As many as there were at the start: one that comes meanwhile is in the next export.
      for (let seq = 0; seq < total;) {
        throwIfAborted(signal)
        const page = await engine.messages(scope, sessionId, { limit: Math.min(pageSize, total - seq), after: seq })
        if (page.isErr()) throw page.error
        const items: readonly Message[] = page.value.slice(0, Math.min(pageSize, total - seq))
        if (items.length === 0) throw new HiveError('not_found', `The session "${sessionId}" went away.`)
        yield* items
        seq += items.length
        onProgress?.({ done: seq, total })
      }
    },
    async file(id) {
      const found = await engine.attachment(scope, sessionId, id)
      return found.isErr() ? null : files.read(found.value.sha256)
    },
  }
  const [extension, mediaType] = kinds[format]
  return ok({
    fileName: `${safeFileName(session.value.title, `session-${sessionId}`)}.${extension}`,
    mediaType,
    content: toBytes(contentOf(source, time, options), signal),
  })
}

const contentOf = (
  source: SessionSource,
  time: (at: number) => string,
  { format, timeZone = 'UTC', language = 'en', fontFamilies = [], signal }: ExportOptions,
): AsyncIterable<string | Uint8Array> => {
  switch (format) {
    case 'json': return exportJson(source)
    case 'markdown': return exportMarkdown(source, time)
    case 'text': return exportText(source, time)
    case 'zip': return exportZip(source, time)
    case 'pdf': return exportPdf(source, { timeZone, language, fontFamilies }, signal)
  }
}

/** Gathers small pieces into chunks worth sending. */
const toBytes = async function* (pieces: AsyncIterable<string | Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  let text = ''
  for await (const piece of pieces) {
    throwIfAborted(signal)
    if (typeof piece === 'string' && text.length + piece.length < 65_536) {
      text += piece
      continue
    }
    if (text !== '') yield Buffer.from(text)
    text = ''
    if (typeof piece === 'string') text = piece
    else yield piece
  }
  throwIfAborted(signal)
  if (text !== '') yield Buffer.from(text)
}

const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted) throw new HiveError('cancelled', 'The export was cancelled.')
}
