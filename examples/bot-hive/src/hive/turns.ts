import type { Capacity, Submission } from '@hivekit/capacity'
import { textOf, type BotSessions, type RecoveredMessage, type SessionStore } from '@hivekit/chat-session'
import { fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { BotProcess } from './bots/bot.ts'
import type { HiveEvent } from './model.ts'
import { runTurn, type DueReply, type RunningTurn } from './turn.ts'

/** A reply's place in the queue. */
export interface Place {
  /** How many replies come first. */
  readonly ahead: number
  /** How long until it begins, in milliseconds, judged by how fast replies have been beginning; 0 while nothing is known. */
  readonly expectedWaitMs: number
}

/** The replies that are due. */
export interface Turns {
  /** Tells whether one more may wait for a bot: `capacity_exceeded` when too many do. */
  checkRoom(botId: string): Result<void, HiveError>
  /** Puts a reply into the queue and answers its place. */
  add(botId: string, due: DueReply): Place
  /** Puts what a crash or a stop left waiting back into the queue; it begins when its bots can. */
  resume(pending: readonly RecoveredMessage[]): Promise<void>
  /** Call it when a bot has changed: starts what can be started, or lets go of what waits for a stopped bot. */
  look(botId: string): void
  /** How many wait for a bot. */
  waiting(botId: string): number
  /** Cancels a session's reply and those waiting. Answers how many. */
  cancel(sessionId: string, reason: string): Promise<number>
  /** Answers a bot's question; false when no such question is open. */
  answer(sessionId: string, questionId: string, optionId: string): boolean
  /** Starts nothing more, and lets what runs end for `forMs`, then cancels it. What waits stays stored. */
  drain(forMs: number): Promise<void>
}

export interface TurnsOptions {
  readonly bots: ReadonlyMap<string, BotProcess>
  readonly capacity: Capacity
  readonly store: SessionStore
  readonly publish: (event: HiveEvent) => void
  /** Called when the number of those waiting for a bot has changed. */
  readonly onWaiting: (botId: string) => void
  /** The most that may wait for one bot now. They stand in the store, so memory is no bound. */
  readonly maxWaiting: () => number
}

/** The replies due in one session: they begin one after the other. */
interface Chain {
  readonly bot: BotProcess
  readonly sessions: BotSessions
  /** The first is in the capacity's queue or running; the others wait behind it. */
  readonly dues: DueReply[]
  head: { readonly submission: Submission<void>; turn?: RunningTurn } | undefined
}

/**
 * `capacity` decides what begins: every bot makes up to `maxConcurrent` replies at once, within the limits of the hive, fairly among the bots.
 * Here is only what it cannot know: that a session's replies follow each other, and what becomes of replies when a bot is stopped.
 */
export const createTurns = ({ bots, capacity, store, publish, onWaiting, maxWaiting }: TurnsOptions): Turns => {
  const chains = new Map<string, Chain>()
  const waiting = new Map<string, number>()
  const running = new Set<RunningTurn>()
  const rooms: Record<string, number> = {}
  let draining = false

  const count = (botId: string, change: number) => {
    waiting.set(botId, (waiting.get(botId) ?? 0) + change)
    onWaiting(botId)
  }

  const begin = (chain: Chain, sessionId: string): Place => {
    const due = chain.dues[0]!
    const { bot, sessions } = chain
    const submission = capacity.submit(async () => {
      const turn = runTurn(due, { bot, sessions, publish })
      head.turn = turn
      running.add(turn)
      count(bot.id, -1)
      await turn.done
      running.delete(turn)
    }, { key: bot.id, cost: { bots: 0 } })
    const head: NonNullable<Chain['head']> = { submission }
    chain.head = head
    void submission.done.then(() => {
      if (chain.head !== head || draining) return
      chain.dues.shift()
      if (chain.dues.length > 0) begin(chain, sessionId)
      else chains.delete(sessionId)
    })
    return { ahead: submission.position ?? 0, expectedWaitMs: submission.expectedWaitMs }
  }

  const add = (botId: string, due: DueReply): Place => {
    const known = chains.get(due.sessionId)
    const chain: Chain = known ?? { bot: bots.get(botId)!, sessions: store.forBot(botId), dues: [], head: undefined }
    chain.dues.push(due)
    chains.set(due.sessionId, chain)
    count(botId, 1)
    if (!known) return begin(chain, due.sessionId)
    const { position = 0, expectedWaitMs = 0 } = known.head?.submission ?? {}
    return { ahead: position + known.dues.length - 1, expectedWaitMs }
  }

  /** Takes out of a chain what has not begun. */
  const takeWaiting = (sessionId: string): DueReply[] => {
    const chain = chains.get(sessionId)!
    const begun = chain.head?.turn ? 1 : 0
    const taken = chain.dues.splice(begun)
    if (begun === 0) {
      const { head } = chain
      chain.head = undefined
      chains.delete(sessionId)
      head?.submission.cancel()
    }
    if (taken.length > 0) count(chain.bot.id, -taken.length)
    return taken
  }

  /** Stores the end of replies that never began. */
  const dismiss = async (sessions: BotSessions, dues: readonly DueReply[], state: 'failed' | 'cancelled', message: string) => {
    for (const { sessionId, replyId } of dues) {
      const writer = await sessions.openReply(sessionId, replyId)
      if (writer.isOk()) await writer.value.finish({ state, error: { code: state === 'failed' ? 'unavailable' : 'cancelled', message } })
    }
  }

  const look = (botId: string) => {
    const snapshot = bots.get(botId)!.snapshot()
    if (rooms[botId] !== roomOf(snapshot)) {
      rooms[botId] = roomOf(snapshot)
      capacity.setLimit('repliesPerBot', { overrides: rooms })
    }
    if (snapshot.state !== 'stopped' || draining) return
    for (const [sessionId, { bot, sessions }] of chains) {
      if (bot.id !== botId) continue
      void dismiss(sessions, takeWaiting(sessionId), 'failed', `The bot is stopped${snapshot.reason ? `: ${snapshot.reason}` : '.'}`)
    }
  }

  return {
    checkRoom: botId => (waiting.get(botId) ?? 0) < maxWaiting() ? ok(undefined)
      : fail('capacity_exceeded', `${maxWaiting()} messages or more wait for this bot already.`, { retryAfterMs: Math.max(1000, capacity.expectedWaitMs()) }),
    add,
    resume: async pending => {
      for (const { botId, message } of pending) {
        const { sessionId, id: replyId, seq } = message
        const sessions = store.forBot(botId)
        const before = await sessions.messages(sessionId, { before: seq, limit: 1 })
        const question = before.isOk() ? before.value.items[0] : undefined
        const due = { sessionId, replyId, text: question ? textOf(question) : '' }
        if (bots.has(botId)) add(botId, due)
        else await dismiss(sessions, [due], 'failed', `The hive has no bot "${botId}" any more.`)
      }
    },
    look,
    waiting: botId => waiting.get(botId) ?? 0,
    cancel: async (sessionId, reason) => {
      const chain = chains.get(sessionId)
      if (!chain) return 0
      const dropped = takeWaiting(sessionId)
      const { turn } = chain.head ?? {}
      turn?.cancel(reason)
      await dismiss(chain.sessions, dropped, 'cancelled', reason)
      return dropped.length + (turn ? 1 : 0)
    },
    answer: (sessionId, questionId, optionId) => chains.get(sessionId)?.head?.turn?.answer(questionId, optionId) ?? false,
    drain: async forMs => {
      draining = true
      capacity.pause()
      const late = setTimeout(() => running.forEach(turn => turn.cancel('The hive was stopped.')), forMs)
      await Promise.all([...running].map(turn => turn.done))
      clearTimeout(late)
    },
  }
}

/** How many replies a bot can make now. */
const roomOf = ({ state, paused, maxConcurrent }: ReturnType<BotProcess['snapshot']>) =>
  !paused && (state === 'ready' || state === 'busy') ? maxConcurrent : 0
