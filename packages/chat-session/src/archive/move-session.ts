import { rm } from 'node:fs/promises'
import { err, fail, isHiveError, type HiveError, type Result } from '@hivekit/errors'
import type { StoreCore } from '../create-session-store.ts'
import type { Scope } from '../engine.ts'
import { isUuid } from '../ids.ts'
import type { Message } from '../message.ts'
import { noSession } from '../not-found.ts'
import type { Session } from '../session.ts'
import { encodeParts } from '../parts-json.ts'
import { describeFailure } from '../sqlite/failure.ts'
import { archivePath, readArchive, writeArchive } from './archive-file.ts'

/** Moves a session to cold storage: first its file is whole on the disk, then one transaction makes that the session's place. */
export const archiveSession = (core: StoreCore, scope: Scope, sessionId: string): Promise<Result<Session, HiveError>> =>
  inTurn(core, sessionId, () => archive(core, scope, sessionId))

/** Brings a session back: one transaction puts its rows back, then its file goes. */
export const thawSession = (core: StoreCore, scope: Scope, sessionId: string): Promise<Result<Session, HiveError>> =>
  inTurn(core, sessionId, () => thaw(core, scope, sessionId))

/** Two moves of one session must not meet: one would take the other's file away. */
const inTurn = async <T>({ moves }: StoreCore, sessionId: string, move: () => Promise<T>): Promise<T> => {
  const turn = (moves.get(sessionId) ?? Promise.resolve()).then(move)
  moves.set(sessionId, turn)
  try {
    return await turn
  } finally {
    if (moves.get(sessionId) === turn) moves.delete(sessionId)
  }
}

const archive = async (core: StoreCore, scope: Scope, sessionId: string): Promise<Result<Session, HiveError>> => {
  if (!isUuid(sessionId)) return err(noSession(sessionId))
  const { engine, archiveFolder } = core
  const session = await engine.session(scope, sessionId)
  if (session.isErr() || session.value.tier === 'archived') return session
  const messages: Message[] = []
  while (messages.length < session.value.messageCount) {
    const page = await engine.messages(scope, sessionId, { limit: 500, after: messages.length })
    if (page.isErr()) return err(page.error)
    if (page.value.length === 0) break
    messages.push(...page.value.slice(0, 500))
  }
  if (messages.some(m => m.state === 'pending' || m.state === 'streaming')) {
    return fail('conflict', `The session "${sessionId}" has an open reply.`)
  }
  try {
    const { bytes } = await writeArchive(archiveFolder, sessionId, messages)
    const versions = messages.reduce((sum, m) => sum + m.version, 0)
    const moved = await engine.write<'archive'>({ kind: 'archive', scope, session: sessionId, messages: messages.length, versions, bytes })
    if (moved.isErr()) {
      // If nobody knows whether it moved, the file stays: an extra one does no harm.
      const now = await engine.session(scope, sessionId)
      if (now.isOk() && now.value.tier === 'active') await rm(archivePath(archiveFolder, sessionId), { force: true })
      return err(moved.error)
    }
  } catch (error) {
    return failed(error)
  }
  return announce(core, scope, sessionId)
}

const thaw = async (core: StoreCore, scope: Scope, sessionId: string): Promise<Result<Session, HiveError>> => {
  if (!isUuid(sessionId)) return err(noSession(sessionId))
  const { engine, archiveFolder } = core
  const session = await engine.session(scope, sessionId)
  if (session.isErr() || session.value.tier === 'active') return session
  try {
    const parts = readArchive(archiveFolder, sessionId).map(m => encodeParts(m.parts))
    const thawed = await engine.write<'thaw'>({ kind: 'thaw', scope, session: sessionId, parts })
    if (thawed.isErr()) return err(thawed.error)
    await rm(archivePath(archiveFolder, sessionId), { force: true })
  } catch (error) {
    return failed(error)
  }
  return announce(core, scope, sessionId)
}

const announce = async (core: StoreCore, scope: Scope, sessionId: string): Promise<Result<Session, HiveError>> => {
  const session = await core.engine.session(scope, sessionId)
  if (session.isOk()) core.emit(scope, { type: 'session', botId: session.value.botId, session: session.value })
  return session
}

const failed = (error: unknown): Result<never, HiveError> => {
  if (isHiveError(error)) return err(error)
  const { code, message } = describeFailure(error)
  return fail(code, message, { cause: error })
}
