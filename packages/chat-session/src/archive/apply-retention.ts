import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import { createBotSessions } from '../create-bot-sessions.ts'
import type { StoreCore } from '../create-session-store.ts'
import type { SessionId } from '../ids.ts'

/** How long sessions stay, by how long nothing was said or renamed in them. */
export interface RetentionPolicy {
  /** Sessions idle for longer go to cold storage, in milliseconds. Default: never. */
  readonly archiveAfterIdleMs?: number
  /** Sessions idle for longer are deleted, archived or not, in milliseconds. Default: never. Held sessions stay. */
  readonly deleteAfterIdleMs?: number
}

/** What a run of retention did. */
export interface RetentionReport {
  /** Sessions that went to cold storage. */
  readonly archived: readonly SessionId[]
  /** Sessions that are gone: rows, index, files and archives. */
  readonly deleted: readonly SessionId[]
  /** Sessions that were due and could not be moved or deleted, and why. */
  readonly failed: readonly RetentionFailure[]
}

/** A session that retention could not do its work on. */
export interface RetentionFailure {
  /** Its id. */
  readonly sessionId: SessionId
  /** Why. */
  readonly error: HiveError
}

/** Does what is due, session by session. */
export const applyRetention = async (
  core: StoreCore,
  { archiveAfterIdleMs, deleteAfterIdleMs }: RetentionPolicy,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Result<RetentionReport, HiveError>> => {
  for (const [name, ms] of Object.entries({ archiveAfterIdleMs, deleteAfterIdleMs })) {
    if (ms !== undefined && !(ms >= 0)) throw new RangeError(`Expected ${name} to be 0 or more, got ${ms}.`)
  }
  const archived: SessionId[] = []
  const deleted: SessionId[] = []
  const failed: RetentionFailure[] = []
  const now = core.clock()
  const work = async (idleMs: number | undefined, tier: 'active' | 'archived', action: 'archive' | 'delete', done: SessionId[]): Promise<HiveError | undefined> => {
    if (idleMs === undefined) return undefined
    const due = await core.engine.idleSessions(now - idleMs, tier, 10_000)
    if (due.isErr()) return due.error
    for (const { id, botId, userId } of due.value) {
      if (signal?.aborted) return undefined
      const result = await createBotSessions(core, { bot: botId, user: userId ?? '' })[action](id)
      if (result.isOk()) done.push(id)
      else failed.push({ sessionId: id, error: result.error })
    }
    return undefined
  }
  const wrong = await work(deleteAfterIdleMs, 'active', 'delete', deleted)
    ?? await work(deleteAfterIdleMs, 'archived', 'delete', deleted)
    ?? await work(archiveAfterIdleMs, 'active', 'archive', archived)
  if (wrong) return err(wrong)
  return signal?.aborted ? fail('cancelled', 'Retention was cancelled.') : ok({ archived, deleted, failed })
}
