import { createHash } from 'node:crypto'
import { err, fail, HiveError, isHiveError, ok, type Result } from '@hivekit/errors'
import { encodeContent } from '../check-message.ts'
import type { StoreCore } from '../create-session-store.ts'
import type { ImportedMessage, Scope } from '../engine.ts'
import type { Message, MessageError } from '../message.ts'
import type { Session } from '../session.ts'
import { exportSession } from './export-session.ts'
import { sessionExportSchema } from './session-export-schema.ts'
import { departure } from './validate-schema.ts'

/** How to import a session. */
export interface ImportOptions {
  /** `keep` restores the ids; `new` makes a copy with ids of its own. Default `keep`. */
  readonly ids?: 'keep' | 'new'
  /** Gives up; nothing is stored then. */
  readonly signal?: AbortSignal
}

/** What an import came to. */
export interface ImportedSession {
  /** The session, as it is stored. */
  readonly session: Session
  /** True when the very same session was there already, and nothing was stored. */
  readonly repeated: boolean
}

interface Document {
  readonly session: { readonly id: string, readonly title: string, readonly createdAt: number, readonly updatedAt: number, readonly data: object }
  readonly messages: readonly (Omit<Message, 'sessionId'>)[]
  readonly files: readonly { readonly id: string, readonly base64: string }[]
}

/** Reads a document of {@link exportSession}, checks it whole, and stores it whole or not at all. */
export const importSession = async (
  core: StoreCore,
  scope: Scope,
  source: string | Uint8Array | AsyncIterable<Uint8Array>,
  { ids = 'keep', signal }: ImportOptions = {},
): Promise<Result<ImportedSession, HiveError>> => {
  const { engine, limits } = core
  const text = await readText(source, limits.maxImportBytes, signal)
  if (text.isErr()) return err(text.error)
  const parsed = parse(text.value)
  if (parsed.isErr()) return err(parsed.error)
  const document = parsed.value
  const sessionId = ids === 'new' ? core.newId() : document.session.id

  if (document.session.title.length > limits.maxTitleChars) return fail('too_large', `A title has more than ${limits.maxTitleChars} characters.`)
  const data = JSON.stringify(document.session.data)
  if (Buffer.byteLength(data) > limits.maxDataBytes) return fail('too_large', `A session's data has more than ${limits.maxDataBytes} bytes.`)
  const messages: ImportedMessage[] = []
  for (const message of document.messages) {
    const content = encodeContent(message.parts, message.attachments, limits)
    if (content instanceof Error) return err(content)
    const { state, error } = settled(message)
    messages.push({
      id: ids === 'new' ? core.newId() : message.id,
      role: message.role,
      state,
      version: message.version,
      createdAt: message.createdAt,
      updatedAt: message.updatedAt,
      error: error ? JSON.stringify(error) : null,
      ...content,
    })
  }
  if (ids === 'keep') {
    const known = await engine.session(scope, sessionId)
    if (known.isOk()) return compare(core, scope, known.value, document)
  }
  const files = await storeFiles(core, document, signal)
  if (files.isErr()) return err(files.error)
  if (signal?.aborted) return fail('cancelled', 'The import was cancelled.')
  const { title, createdAt, updatedAt } = document.session
  const imported = await engine.write<'import'>({
    kind: 'import', scope, session: { id: sessionId, title, data, createdAt, updatedAt }, messages, files: files.value, at: core.clock(),
  })
  if (imported.isErr()) return err(imported.error)
  // Between their writing and the session's, the last other session with one of them may have gone, and taken it along.
  const again = await storeFiles(core, document, signal)
  if (again.isErr()) return err(again.error)
  const session = await engine.session(scope, sessionId)
  if (session.isErr()) return err(session.error)
  core.emit(scope, { type: 'session', botId: session.value.botId, session: session.value })
  return ok({ session: session.value, repeated: false })
}

const readText = async (source: string | Uint8Array | AsyncIterable<Uint8Array>, maxBytes: number, signal: AbortSignal | undefined): Promise<Result<string, HiveError>> => {
  const tooLarge = () => fail('too_large', `The document has more than ${maxBytes} bytes.`)
  if (typeof source === 'string') return Buffer.byteLength(source) > maxBytes ? tooLarge() : ok(source)
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      if (signal?.aborted) return fail('cancelled', 'The import was cancelled.')
      bytes += chunk.byteLength
      if (bytes > maxBytes) return tooLarge()
      chunks.push(chunk)
    }
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (error) {
    return isHiveError(error) ? err(error) : fail('invalid_argument', 'The document is not UTF-8, or could not be read.', { cause: error })
  }
}

const parse = (text: string): Result<Document, HiveError> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return fail('invalid_argument', `The document is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const wrong = departure(value, sessionExportSchema)
  if (wrong) return fail('invalid_argument', wrong)
  const document = value as Document
  const ids = new Set<string>()
  for (const [i, { seq, id, createdAt, updatedAt }] of document.messages.entries()) {
    if (seq !== i + 1) return fail('invalid_argument', `"messages", item ${i}, has the seq ${seq}: they go from 1 without gaps.`)
    if (ids.has(id)) return fail('invalid_argument', `"messages", item ${i}, has an id that came before.`)
    if (updatedAt < createdAt) return fail('invalid_argument', `"messages", item ${i}, changed before it was made.`)
    ids.add(id)
  }
  const { createdAt, updatedAt } = document.session
  return updatedAt < createdAt ? fail('invalid_argument', '"session" changed before it was made.') : ok(document)
}

/** A reply that was open when it was exported is nobody's to finish here. */
const settled = ({ state, error }: Pick<Message, 'state' | 'error'>): { readonly state: Message['state'], readonly error?: MessageError } =>
  state === 'pending' || state === 'streaming'
    ? { state: 'failed', error: { code: 'cancelled', message: 'The session was exported while this reply was open.' } }
    : { state, ...(error ? { error } : {}) }

/** A session that is there already must be the same, or else neither may take the other's place. */
const compare = async (core: StoreCore, scope: Scope, session: Session, document: Document): Promise<Result<ImportedSession, HiveError>> => {
  const stored = await exportSession(core, scope, session.id, { format: 'json' })
  if (stored.isErr()) return err(stored.error)
  const chunks: Uint8Array[] = []
  for await (const chunk of stored.value.content) chunks.push(chunk)
  const there = JSON.parse(Buffer.concat(chunks).toString()) as Document
  return digestOf(there) === digestOf(document)
    ? ok({ session, repeated: true })
    : fail('conflict', `The session "${session.id}" is there already, and not the same.`)
}

const digestOf = ({ session: { title, createdAt, updatedAt, data }, messages }: Document): string =>
  createHash('sha256').update(JSON.stringify([
    title, createdAt, updatedAt, data,
    messages.map(m => [m.id, m.role, m.parts, m.attachments, settled(m), m.version, m.createdAt, m.updatedAt]),
  ], sortKeys)).digest('hex')

/** The order of an object's members means nothing. */
const sortKeys = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

type StoredFiles = { readonly id: string, readonly name: string, readonly mediaType: string, readonly bytes: number, readonly sha256: string }[]

const storeFiles = async ({ files, limits }: StoreCore, document: Document, signal: AbortSignal | undefined): Promise<Result<StoredFiles, HiveError>> => {
  const described = new Map(document.messages.flatMap(m => m.attachments).map(a => [a.id, a]))
  const stored: StoredFiles = []
  for (const { id, base64 } of document.files) {
    const attachment = described.get(id)
    if (!attachment) return fail('invalid_argument', `"files" has "${id}", which no message mentions.`)
    const bytes = Buffer.from(base64, 'base64')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    if (bytes.length !== attachment.bytes || (attachment.sha256 ?? sha256) !== sha256) {
      return fail('invalid_argument', `The file "${id}" is not what its message says: its size or digest differs.`)
    }
    const put = await files.put(oneChunk(bytes), limits.maxAttachmentBytes, signal, async () => null)
    if (put === 'too_large') return fail('too_large', `An attachment has more than ${limits.maxAttachmentBytes} bytes.`)
    stored.push({ id, name: attachment.name, mediaType: attachment.mediaType, bytes: bytes.length, sha256 })
  }
  return ok(stored)
}

const oneChunk = async function* (bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
