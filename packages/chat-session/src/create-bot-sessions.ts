import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { err, fail, HiveError, ok, type Result } from '@hivekit/errors'
import { archivePath } from './archive/archive-file.ts'
import { archiveSession, thawSession } from './archive/move-session.ts'
import { openAttachment, putAttachment } from './attachments/session-files.ts'
import type { BotSessions, NewMessage } from './bot-sessions.ts'
import { checkPart, encodeContent, toJson } from './check-message.ts'
import type { StoreCore } from './create-session-store.ts'
import type { MessageDraft, Scope } from './engine.ts'
import { exportSession } from './export/export-session.ts'
import { importSession } from './export/import-session.ts'
import { isUuid, type BotId, type MessageId, type SessionId } from './ids.ts'
import type { Attachment, Message } from './message.ts'
import { noMessage, noSession } from './not-found.ts'
import { decodeParts } from './parts-json.ts'
import { createReplyWriter, type ReplyWriter } from './reply-writer.ts'
import { searchStore } from './search-store.ts'
import { readSessionCursor, writeSessionCursor } from './session-cursor.ts'
import type { Session } from './session.ts'

const roles = ['user', 'bot', 'system']
const newStates = ['pending', 'complete', 'failed', 'cancelled']

/** Makes the door onto one scope. Every call hands that scope on, and the engine looks nowhere else. */
export const createBotSessions = (core: StoreCore, scope: Scope): BotSessions => {
  const { engine, limits, clock, openReplies } = core
  const botId = scope.bot as BotId

  const checkTitle = (title: unknown): HiveError | undefined => {
    if (typeof title !== 'string') return new HiveError('invalid_argument', 'A title must be a string.')
    if (title.length > limits.maxTitleChars) return new HiveError('too_large', `A title has more than ${limits.maxTitleChars} characters.`)
  }
  const emitMessage = (message: Message) => core.emit(scope, { type: 'message', botId, message })
  const announce = async (sessionId: string): Promise<Result<Session, HiveError>> => {
    const session = await engine.session(scope, sessionId)
    if (session.isOk()) core.emit(scope, { type: 'session', botId, session: session.value })
    return session
  }
  /** A reply that this process is writing, as it is now. */
  const live = (stored: Message): Message =>
    stored.state === 'streaming' ? (openReplies.get(stored.id)?.current() ?? stored) : stored

  /** Stores messages together, and answers them as they then are. */
  const add = async (
    sessionId: string,
    drafts: readonly (NewMessage & Required<Pick<NewMessage, 'state'>>)[],
    kind: string,
  ): Promise<Result<{ readonly messages: readonly Message[], readonly repeated: boolean }, HiveError>> => {
    if (!isUuid(sessionId)) return err(noSession(sessionId))
    const encoded: MessageDraft[] = []
    for (const { role, state, parts, attachments = [] } of drafts) {
      if (!roles.includes(role)) return fail('invalid_argument', `A role must be one of ${roles.join(', ')}.`)
      if (!newStates.includes(state)) return fail('invalid_argument', `A state must be one of ${newStates.join(', ')}.`)
      const content = encodeContent(parts, attachments, limits)
      if (content instanceof Error) return err(content)
      encoded.push({ id: core.newId(), role, state, ...content })
    }
    const key = drafts[0]?.idempotencyKey
    if (key !== undefined && (typeof key !== 'string' || key.length < 1 || key.length > 200)) {
      return fail('invalid_argument', 'An idempotency key must be a string of 1 to 200 characters.')
    }
    const idempotency = key === undefined ? null : { key, digest: digestOf(kind, encoded) }
    const at = clock()
    const added = await engine.write<'add'>({ kind: 'add', scope, session: sessionId, messages: encoded, idempotency, at })
    if (added.isErr()) return err(added.error)
    const { firstSeq, repeated } = added.value
    if (repeated) {
      const known = await engine.messages(scope, sessionId, { limit: drafts.length, after: firstSeq - 1 })
      return known.map(found => ({ messages: found.slice(0, drafts.length).map(live), repeated }))
    }
    const messages = encoded.map(({ id, role, state, parts, attachments }, i): Message => ({
      id: id as MessageId,
      sessionId: sessionId as SessionId,
      seq: firstSeq + i,
      role,
      parts: decodeParts(parts),
      attachments: attachments === null ? [] : (JSON.parse(attachments) as Attachment[]),
      state,
      version: 1,
      createdAt: at,
      updatedAt: at,
    }))
    messages.forEach(emitMessage)
    return ok({ messages, repeated })
  }

  const save = async (message: Message): Promise<Result<void, HiveError>> => {
    const content = encodeContent(message.parts, [], limits)
    if (content instanceof Error) return err(content)
    const saved = await engine.write<'save'>({
      kind: 'save',
      scope,
      session: message.sessionId,
      message: message.id,
      state: message.state,
      parts: content.parts,
      error: message.error ?? null,
      at: message.updatedAt,
    })
    return saved.map(() => undefined)
  }

  return {
    botId,
    async create({ title = '', id = core.newId() } = {}) {
      const wrong = checkTitle(title)
      if (wrong) return err(wrong)
      if (!isUuid(id)) return fail('invalid_argument', 'A session id must be a UUID in lower case.')
      const at = clock()
      const created = await engine.write<'create'>({ kind: 'create', scope, id, title, at })
      if (created.isErr()) return err(created.error)
      const session: Session = {
        id: id as SessionId,
        botId,
        ...(scope.user === '' ? {} : { userId: scope.user }),
        title,
        messageCount: 0,
        tier: 'active',
        held: false,
        createdAt: at,
        updatedAt: at,
      }
      core.emit(scope, { type: 'session', botId, session })
      return ok(session)
    },
    get: async sessionId => (isUuid(sessionId) ? engine.session(scope, sessionId) : err(noSession(sessionId))),
    async list({ limit = 50, cursor } = {}) {
      const wrong = checkLimit(limit, 200)
      if (wrong) return err(wrong)
      const after = cursor === undefined ? undefined : readSessionCursor(cursor)
      if (after === null) return fail('invalid_argument', 'The cursor is not one of ours.')
      const page = await engine.sessions(scope, limit, after)
      return page.map(found => {
        const items = found.slice(0, limit)
        return found.length > limit ? { items, next: writeSessionCursor(items.at(-1)!) } : { items }
      })
    },
    async setTitle(sessionId, title) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      const wrong = checkTitle(title)
      if (wrong) return err(wrong)
      const renamed = await engine.write<'title'>({ kind: 'title', scope, session: sessionId, title, at: clock() })
      return renamed.isErr() ? err(renamed.error) : announce(sessionId)
    },
    async delete(sessionId) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      // Its words must be known to be taken out of the index.
      const session = await engine.session(scope, sessionId)
      if (session.isOk() && session.value.tier === 'archived' && !session.value.held) {
        const thawed = await thawSession(core, scope, sessionId)
        if (thawed.isErr()) return err(thawed.error)
      }
      const deleted = await engine.write<'delete'>({ kind: 'delete', scope, session: sessionId })
      if (deleted.isErr()) return err(deleted.error)
      for (let left = 1; left > 0;) {
        const purged = await engine.write<'purge'>({ kind: 'purge', most: 20 })
        if (purged.isErr()) return err(purged.error)
        for (const sha256 of purged.value.files) {
          await core.files.remove(sha256, async () => !(await engine.isFileUsed(sha256)).unwrapOr(true))
        }
        left = purged.value.left
      }
      await rm(archivePath(core.archiveFolder, sessionId), { force: true }).catch(() => {})
      core.emit(scope, { type: 'session-deleted', botId, sessionId: sessionId as SessionId })
      return ok(undefined)
    },
    async messages(sessionId, { limit = 50, before, after } = {}) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      const wrong = checkLimit(limit, 1_000) ?? checkSeq('before', before) ?? checkSeq('after', after)
      if (wrong) return err(wrong)
      if (before !== undefined && after !== undefined) return fail('invalid_argument', 'Give before or after, not both.')
      const page = await engine.messages(scope, sessionId, {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      })
      return page.map(found => {
        const forward = after !== undefined
        const items = (forward ? found.slice(0, limit) : found.slice(-limit)).map(live)
        return found.length > limit ? { items, next: (forward ? items.at(-1)! : items[0]!).seq } : { items }
      })
    },
    async message(sessionId, messageId) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      if (!isUuid(messageId)) return err(noMessage(messageId))
      return (await engine.message(scope, sessionId, messageId)).map(live)
    },
    async append(sessionId, message) {
      const added = await add(sessionId, [{ ...message, state: message.state ?? 'complete' }], 'append')
      return added.map(({ messages }) => messages[0]!)
    },
    async ask(sessionId, question) {
      const drafts = [
        { ...question, role: 'user' as const, state: 'complete' as const },
        { role: 'bot' as const, state: 'pending' as const, parts: [] },
      ]
      const added = await add(sessionId, drafts, 'ask')
      return added.map(({ messages, repeated }) => ({ message: messages[0]!, reply: messages[1]!, repeated }))
    },
    async edit(sessionId, messageId, { parts, ifVersion }) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      if (!isUuid(messageId)) return err(noMessage(messageId))
      const content = encodeContent(parts, [], limits)
      if (content instanceof Error) return err(content)
      const op = { kind: 'edit', scope, session: sessionId, message: messageId, parts: content.parts, ifVersion, at: clock() } as const
      const edited = await engine.write<'edit'>(op)
      if (edited.isErr()) return err(edited.error)
      const message = await engine.message(scope, sessionId, messageId)
      if (message.isOk()) emitMessage(message.value)
      return message
    },
    async openReply(sessionId, replyId) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      if (!isUuid(replyId)) return err(noMessage(replyId))
      const opened = await engine.write<'open'>({ kind: 'open', scope, session: sessionId, message: replyId, at: clock() })
      if (opened.isErr()) return err(opened.error)
      const reply = await engine.message(scope, sessionId, replyId)
      if (reply.isErr()) return err(reply.error)
      const writer: ReplyWriter = createReplyWriter(reply.value, {
        clock,
        checkpointMs: core.checkpointMs,
        maxTextBytes: limits.maxTextBytes,
        checkPart,
        save,
        onFinish() {
          openReplies.delete(replyId)
          emitMessage(writer.current())
        },
      })
      openReplies.set(replyId, writer)
      emitMessage(reply.value)
      return ok(writer)
    },
    async getData(sessionId) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      return (await engine.data(scope, sessionId)).map(json => JSON.parse(json) as Readonly<Record<string, unknown>>)
    },
    async setData(sessionId, data) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      if (typeof data !== 'object' || data === null || Array.isArray(data)) return fail('invalid_argument', "A session's data must be an object.")
      const json = toJson(data)
      if (json === undefined) return fail('invalid_argument', "A session's data cannot be written as JSON.")
      if (Buffer.byteLength(json) > limits.maxDataBytes) return fail('too_large', `A session's data has more than ${limits.maxDataBytes} bytes.`)
      return (await engine.write<'data'>({ kind: 'data', scope, session: sessionId, data: json })).map(() => undefined)
    },
    archive: sessionId => archiveSession(core, scope, sessionId),
    thaw: sessionId => thawSession(core, scope, sessionId),
    async hold(sessionId, held) {
      if (!isUuid(sessionId)) return err(noSession(sessionId))
      const changed = await engine.write<'hold'>({ kind: 'hold', scope, session: sessionId, held })
      return changed.isErr() ? err(changed.error) : announce(sessionId)
    },
    putAttachment: (sessionId, source, attachment) => putAttachment(core, scope, sessionId, source, attachment),
    openAttachment: (sessionId, attachmentId) => openAttachment(core, scope, sessionId, attachmentId),
    exportSession: (sessionId, options) => exportSession(core, scope, sessionId, options),
    importSession: (source, options) => importSession(core, scope, source, options),
    search: (query, options) => searchStore(engine, scope, query, options),
    onEvent: listener => core.listen((event, of) => {
      if (of.bot === scope.bot && of.user === scope.user) listener(event)
    }),
  }
}

/** What makes two calls with one idempotency key the same: all but the ids. */
const digestOf = (kind: string, drafts: readonly MessageDraft[]): string => {
  const hash = createHash('sha256').update(kind)
  for (const { role, state, parts, attachments } of drafts) hash.update(JSON.stringify([role, state, parts, attachments]))
  return hash.digest('base64url')
}

const checkLimit = (limit: number, most: number): HiveError | undefined =>
  Number.isInteger(limit) && limit >= 1 && limit <= most
    ? undefined
    : new HiveError('invalid_argument', `A limit must be a whole number from 1 to ${most}.`)

const checkSeq = (name: string, seq: number | undefined): HiveError | undefined =>
  seq === undefined || (Number.isSafeInteger(seq) && seq >= 0)
    ? undefined
    : new HiveError('invalid_argument', `${name} must be a whole number, 0 or more.`)
