import { fail, type HiveError, ok, type Result } from '@hivekit/errors'
import type { AcpClient } from './acp.ts'
import type { Clock } from './clock.ts'

/** The bot's own sessions in one life of its process. */
export interface Sessions {
  /** Finds, loads or opens a session, and answers its id. */
  readonly open: (wanted?: string) => Promise<Result<string, HiveError>>
  /** Opens a session ahead of the first conversation, so that the bot says what it understands. */
  readonly probe: () => Promise<Result<void, HiveError>>
  /** A turn of this session was cancelled: it may be used again when the bot has ended it, and is given up otherwise. */
  readonly ending: (id: string, answer: Promise<unknown>, graceMs: number) => void
  /** Tells whether the bot replays this session just now. */
  readonly isLoading: (id: string) => boolean
}

/** What sessions need. */
export interface SessionsOptions {
  readonly acp: Pick<AcpClient, 'newSession' | 'loadSession' | 'ping'>
  readonly clock: Clock
  /** For the bot to open or load one. */
  readonly sessionMs: number
  /** Bytes that the bot has written so far. */
  readonly bytes: () => number
  /** Called when opening timed out and the bot had not said one thing meanwhile. */
  readonly onSilent: () => void
}

/** For a bot that was cancelled to answer a ping before it gets the next message; not all can. */
const fenceMs = 500

/** Makes {@link Sessions}; `canLoad` answers what the bot said at `initialize`. */
export const createSessions = (options: SessionsOptions, canLoad: () => boolean): Sessions => {
  const { acp, clock, sessionMs, bytes, onSilent } = options
  const live = new Set<string>()
  const givenUp = new Set<string>()
  const loading = new Set<string>()
  const endings = new Map<string, Promise<void>>()
  let spare: string | undefined

  const inTime = async (answer: Promise<Result<string, HiveError>>) => {
    const late = Promise.withResolvers<Result<string, HiveError>>()
    const seen = bytes()
    const stop = clock.after(sessionMs, () => {
      late.resolve(fail('timeout', `Did not open a session within ${Math.round(sessionMs / 1_000)} s.`))
      if (bytes() === seen) onSilent()
    })
    const result = await Promise.race([answer, late.promise])
    stop()
    if (result.isOk()) live.add(result.value)
    return result
  }
  const within = async (limitMs: number, promise: Promise<unknown>): Promise<boolean> => {
    const late = Promise.withResolvers<'late'>()
    const stop = clock.after(limitMs, () => late.resolve('late'))
    const first = await Promise.race([promise, late.promise])
    stop()
    return first !== 'late'
  }
  const takeSpare = () => {
    const id = spare
    spare = undefined
    return id
  }

  return {
    open: async wanted => {
      if (wanted !== undefined) {
        await endings.get(wanted)
        if (live.has(wanted)) return ok(wanted)
        if (canLoad() && !givenUp.has(wanted)) {
          loading.add(wanted)
          const loaded = await inTime(acp.loadSession(wanted))
          loading.delete(wanted)
          // A bot that has forgotten the session starts a new one; a bot that is gone cannot.
          if (loaded.isOk() || loaded.error.kind !== 'permanent') return loaded
        }
      }
      const ready = takeSpare()
      return ready === undefined ? inTime(acp.newSession()) : ok(ready)
    },
    probe: async () => (await inTime(acp.newSession())).map(id => {
      spare = id
    }),
    ending: (id, answer, graceMs) => {
      const end = async () => {
        const ended = await within(graceMs, answer)
        // What it still says of the cancelled reply comes before its answer to a ping.
        if (ended) await within(fenceMs, acp.ping())
        endings.delete(id)
        if (ended) return
        live.delete(id)
        givenUp.add(id)
      }
      endings.set(id, end())
    },
    isLoading: id => loading.has(id),
  }
}
