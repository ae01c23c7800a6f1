import type { Capacity } from '@hivekit/capacity'
import type { BotSessions, ExportedSession, ExportFormat } from '@hivekit/chat-session'
import { err, type HiveError, type Result } from '@hivekit/errors'
import { background } from './hive-capacity.ts'

/** What is exported, as what, and until when somebody wants it. */
export interface ExportRequest {
  readonly sessions: BotSessions
  readonly sessionId: string
  readonly format: ExportFormat
  /** Aborted when nobody reads on; must be, sooner or later, where the content is not read to its end. */
  readonly signal: AbortSignal
}

/** Exports a session behind the replies in the queue. The work lasts until its content is read, or its reader gone. */
export const exportInBackground = async (
  capacity: Capacity, { sessions, sessionId, format, signal: outer }: ExportRequest,
): Promise<Result<ExportedSession, HiveError>> => {
  const begun = Promise.withResolvers<Result<ExportedSession, HiveError>>()
  const submission = capacity.submit(async ({ signal }) => {
    const exported = await sessions.exportSession(sessionId, { format, signal })
    if (exported.isErr()) return begun.resolve(err(exported.error))
    const ended = Promise.withResolvers<void>()
    if (signal.aborted) ended.resolve()
    signal.addEventListener('abort', () => ended.resolve(), { once: true })
    begun.resolve(exported.map(each => ({ ...each, content: endWith(each.content, ended.resolve) })))
    await ended.promise
  }, { ...background('export'), signal: outer })
  // When it never began: cancelled, or refused at the door.
  void submission.done.then(result => result.isErr() && begun.resolve(err(result.error)))
  return begun.promise
}

const endWith = async function* (content: AsyncIterable<Uint8Array>, onEnd: () => void) {
  try {
    yield* content
  } finally {
    onEnd()
  }
}
