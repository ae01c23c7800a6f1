import { err, fail, HiveError, isHiveError, ok, type Result } from '@hivekit/errors'
import type { StoreCore } from '../create-session-store.ts'
import type { Scope } from '../engine.ts'
import { isUuid } from '../ids.ts'
import type { Attachment } from '../message.ts'
import { noSession } from '../not-found.ts'
import { describeFailure } from '../sqlite/failure.ts'

/** What is said of a file that is put. */
export interface NewAttachment {
  /** The name to show, up to 1,000 characters. It never becomes a path. */
  readonly name: string
  /** The IANA media type, such as `image/png`. Default `application/octet-stream`. */
  readonly mediaType?: string
  /** Gives up; what was written goes. */
  readonly signal?: AbortSignal
}

/** An attachment and its bytes. */
export interface OpenedAttachment {
  /** Its description. */
  readonly attachment: Attachment
  /** Its bytes. Serve them as a download: what they are is only what someone said. */
  readonly content: AsyncIterable<Uint8Array>
}

const mediaTypes = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/

/** Puts a file beside a session. */
export const putAttachment = async (
  core: StoreCore,
  scope: Scope,
  sessionId: string,
  source: AsyncIterable<Uint8Array> | Uint8Array,
  { name, mediaType = 'application/octet-stream', signal }: NewAttachment,
): Promise<Result<Attachment, HiveError>> => {
  const { engine, files, limits } = core
  if (!isUuid(sessionId)) return err(noSession(sessionId))
  if (typeof name !== 'string' || name === '' || name.length > 1_000) return fail('invalid_argument', "An attachment's name must have 1 to 1,000 characters.")
  if (typeof mediaType !== 'string' || !mediaTypes.test(mediaType)) return fail('invalid_argument', 'A media type has the form type/subtype.')
  if (!core.acceptsMediaType(mediaType)) return fail('unsupported', `Attachments of the type ${mediaType} are not taken.`)
  const session = await engine.session(scope, sessionId)
  if (session.isErr()) return err(session.error)
  try {
    const stored = await files.put(chunksOf(source), limits.maxAttachmentBytes, signal, async ({ sha256, bytes }) => {
      const attachment: Attachment = { id: core.newId(), name, mediaType, bytes, sha256 }
      const written = await engine.write<'attach'>({ kind: 'attach', scope, session: sessionId, attachment: { ...attachment, sha256 }, at: core.clock() })
      return written.isErr() ? err<Attachment, HiveError>(written.error) : ok<Attachment, HiveError>(attachment)
    })
    return stored === 'too_large' ? fail('too_large', `An attachment has more than ${limits.maxAttachmentBytes} bytes.`) : stored
  } catch (error) {
    if (signal?.aborted) return fail('cancelled', 'The attachment was given up.')
    if (isHiveError(error)) return err(error)
    const { code, message } = describeFailure(error)
    return err(new HiveError(code, message, { cause: error }))
  }
}

/** Opens a session's attachment. */
export const openAttachment = async (
  { engine, files }: StoreCore,
  scope: Scope,
  sessionId: string,
  attachmentId: string,
): Promise<Result<OpenedAttachment, HiveError>> => {
  if (!isUuid(sessionId)) return err(noSession(sessionId))
  const found = await engine.attachment(scope, sessionId, attachmentId)
  if (found.isErr()) return err(found.error)
  const content = await files.read(found.value.sha256)
  if (content === null) return fail('data_corrupt', `The file of attachment "${attachmentId}" is missing.`)
  return ok({ attachment: found.value, content })
}

const chunksOf = async function* (source: AsyncIterable<Uint8Array> | Uint8Array): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source
  else yield* source
}
