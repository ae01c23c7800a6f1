import { err, ok, type HiveError } from '@hivekit/errors'
import type { FileStore } from './attachments/file-store.ts'
import { applyRetention } from './archive/apply-retention.ts'
import { createBotSessions } from './create-bot-sessions.ts'
import type { Engine, Scope } from './engine.ts'
import { createIdSource, isUuid, type BotId } from './ids.ts'
import { defaultLimits, type SessionLimits } from './limits.ts'
import { noSession } from './not-found.ts'
import { searchStore } from './search-store.ts'
import type { ReplyWriter } from './reply-writer.ts'
import type { SessionStore } from './session-store.ts'
import type { StoreEvent } from './store-event.ts'

/** What every engine's store may be given. */
export interface SessionStoreOptions {
  /** Tells the time in epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number
  /** How long text of a streaming reply may go unsaved, in milliseconds, 0 or more. Default 250. */
  readonly checkpointMs?: number
  /** The sizes beyond which a write is refused. */
  readonly limits?: SessionLimits
  /** Says which media types of attachments are taken. Default: all. */
  readonly acceptsMediaType?: (mediaType: string) => boolean
  /** Is told what a listener threw; its fault must not undo a write. Default: ignores it. */
  readonly onListenerError?: (error: unknown) => void
}

/** What the doors of one store share. */
export interface StoreCore {
  readonly engine: Engine
  readonly files: FileStore
  readonly archiveFolder: string
  /** Moves between tiers that are under way, by session. */
  readonly moves: Map<string, Promise<unknown>>
  readonly acceptsMediaType: (mediaType: string) => boolean
  readonly limits: Required<SessionLimits>
  readonly checkpointMs: number
  /** Whole milliseconds. */
  readonly clock: () => number
  readonly newId: () => string
  /** Replies that this process is writing, by their id. */
  readonly openReplies: Map<string, ReplyWriter>
  emit(scope: Scope, event: StoreEvent): void
  listen(listener: (event: StoreEvent, scope: Scope) => void): () => void
}

/** Puts a store's face before an engine. */
export const createSessionStore = (engine: Engine, files: FileStore, archiveFolder: string, options: SessionStoreOptions): SessionStore => {
  const { acceptsMediaType = () => true, clock = Date.now, checkpointMs = 250, limits = {}, onListenerError = () => {} } = options
  if (!(checkpointMs >= 0)) throw new RangeError(`Expected checkpointMs to be 0 or more, got ${checkpointMs}.`)
  for (const [name, value] of Object.entries(limits)) {
    if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`Expected limits.${name} to be a positive whole number, got ${value}.`)
  }
  const listeners = new Set<(event: StoreEvent, scope: Scope) => void>()
  const wholeMs = () => Math.floor(clock())
  const core: StoreCore = {
    engine,
    files,
    archiveFolder,
    moves: new Map(),
    acceptsMediaType,
    limits: { ...defaultLimits, ...limits },
    checkpointMs,
    clock: wholeMs,
    newId: createIdSource(wholeMs),
    openReplies: new Map(),
    emit(scope, event) {
      for (const listener of listeners) {
        try {
          listener(event, scope)
        } catch (error) {
          onListenerError(error)
        }
      }
    },
    listen(listener) {
      // One of its own, so that the same function may listen twice and stop once.
      const own: typeof listener = (event, scope) => listener(event, scope)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
  }
  const scopeOf: SessionStore['scopeOf'] = async sessionId => {
    if (!isUuid(sessionId)) return err(noSession(sessionId))
    const scope = await engine.scopeOf(sessionId)
    return scope.map(({ bot, user }) => ({ botId: bot as BotId, ...(user === '' ? {} : { userId: user }) }))
  }
  let disposing: Promise<void> | undefined

  return {
    forBot: (botId, { userId } = {}) => {
      checkName('botId', botId)
      if (userId !== undefined) checkName('userId', userId)
      return createBotSessions(core, { bot: botId, user: userId ?? '' })
    },
    botOf: async sessionId => (await scopeOf(sessionId)).map(({ botId }) => botId),
    scopeOf,
    search: (query, options = {}) => {
      const { userId } = options
      if (userId !== undefined) checkName('userId', userId)
      return searchStore(engine, userId === undefined ? {} : { user: userId }, query, options)
    },
    async recover() {
      await files.sweep()
      const at = core.clock()
      const recovered = await engine.write<'recover'>({ kind: 'recover', at })
      return recovered.isErr() ? err(recovered.error) : engine.recovered(recovered.value.failed)
    },
    applyRetention: (policy, options) => applyRetention(core, policy, options),
    checkIntegrity: () => engine.checkIntegrity(),
    checkWritable: async () => {
      const probed = await engine.write<'probe'>({ kind: 'probe', at: core.clock() })
      return probed.isErr() ? err<void, HiveError>(probed.error) : ok(undefined)
    },
    snapshot: () => ({ engine: engine.name, openReplies: core.openReplies.size, ...engine.counters() }),
    onEvent: listener => core.listen(event => listener(event)),
    [Symbol.asyncDispose]: () =>
      (disposing ??= (async () => {
        await Promise.all([...core.openReplies.values()].map(writer => writer.flush()))
        await engine[Symbol.asyncDispose]()
      })()),
  }
}

const checkName = (what: string, value: unknown): void => {
  if (typeof value !== 'string' || value.length < 1 || value.length > 200 || value.includes('\0') || !value.isWellFormed()) {
    throw new TypeError(`Expected ${what} to be a string of 1 to 200 characters without NUL, got ${JSON.stringify(value)?.slice(0, 300)}.`)
  }
}
