import { textOf, type BotSessions, type RecoveredMessage, type SessionStore } from '@hivekit/chat-session'
import type { BotProcess } from './bots/bot.ts'
import type { HiveEvent } from './model.ts'
import { runTurn, type DueReply, type RunningTurn } from './turn.ts'

/** The replies that are due, a lane for each bot. */
export interface Turns {
  /** Puts a reply in its bot's lane. Answers how many are before it. */
  add(botId: string, due: DueReply): number
  /** Puts what a crash or a stop left waiting back into the lanes. */
  resume(pending: readonly RecoveredMessage[]): Promise<void>
  /** Starts what can be started now: call it when a bot has changed. */
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
  readonly store: SessionStore
  readonly publish: (event: HiveEvent) => void
  /** Called when the number of those waiting for a bot has changed. */
  readonly onWaiting: (botId: string) => void
}

interface Lane {
  readonly bot: BotProcess
  readonly sessions: BotSessions
  readonly running: Map<string, RunningTurn>
  waiting: DueReply[]
}

/**
 * Each bot makes up to `maxConcurrent` replies at once, one a session, in the order they were asked.
 * A bot that is starting, restarting or paused keeps its lane; one that is stopped loses it.
 */
export const createTurns = ({ bots, store, publish, onWaiting }: TurnsOptions): Turns => {
  const lanes = new Map<string, Lane>()
  let draining = false

  const laneOf = (botId: string): Lane | undefined => {
    const bot = bots.get(botId)
    if (bot && !lanes.has(botId)) lanes.set(botId, { bot, sessions: store.forBot(botId), running: new Map(), waiting: [] })
    return lanes.get(botId)
  }

  const next = ({ running, waiting }: Lane) => {
    const at = waiting.findIndex(({ sessionId }) => !running.has(sessionId))
    return at < 0 ? undefined : waiting.splice(at, 1)[0]
  }

  const look = (botId: string) => {
    const lane = laneOf(botId)
    if (!lane || draining) return
    const { state, paused, maxConcurrent, reason } = lane.bot.snapshot()
    if (state === 'stopped') return void dismiss(lane, lane.waiting.splice(0), 'failed', `The bot is stopped${reason ? `: ${reason}` : '.'}`)
    if (paused || (state !== 'ready' && state !== 'busy')) return
    for (let due; lane.running.size < maxConcurrent && (due = next(lane));) start(lane, due)
  }

  const start = (lane: Lane, due: DueReply) => {
    const turn = runTurn(due, { bot: lane.bot, sessions: lane.sessions, publish })
    lane.running.set(due.sessionId, turn)
    void turn.done.finally(() => {
      lane.running.delete(due.sessionId)
      look(lane.bot.id)
    })
    onWaiting(lane.bot.id)
  }

  /** Stores the end of replies that never began. */
  const dismiss = async (lane: Lane, dues: readonly DueReply[], state: 'failed' | 'cancelled', message: string) => {
    for (const { sessionId, replyId } of dues) {
      const writer = await lane.sessions.openReply(sessionId, replyId)
      if (writer.isOk()) await writer.value.finish({ state, error: { code: state === 'failed' ? 'unavailable' : 'cancelled', message } })
    }
    if (dues.length > 0) onWaiting(lane.bot.id)
  }

  return {
    add: (botId, due) => {
      const lane = laneOf(botId)!
      const ahead = lane.waiting.length + (lane.running.has(due.sessionId) ? 1 : 0)
      lane.waiting.push(due)
      look(botId)
      if (lane.waiting.includes(due)) onWaiting(botId)
      return lane.waiting.includes(due) ? ahead : 0
    },
    resume: async pending => {
      for (const { botId, message } of pending) {
        const sessions = store.forBot(botId)
        const question = (await sessions.messages(message.sessionId, { before: message.seq, limit: 1 })).map(({ items }) => items[0]).unwrapOr(undefined)
        const due = { sessionId: message.sessionId, replyId: message.id, text: question ? textOf(question) : '' }
        const lane = laneOf(botId)
        if (lane && question) lane.waiting.push(due)
        else {
          const writer = await sessions.openReply(due.sessionId, due.replyId)
          if (writer.isOk()) await writer.value.finish({ state: 'failed', error: { code: 'unavailable', message: `The hive has no bot "${botId}" any more.` } })
        }
      }
      for (const botId of lanes.keys()) look(botId)
    },
    look,
    waiting: botId => lanes.get(botId)?.waiting.length ?? 0,
    cancel: async (sessionId, reason) => {
      let count = 0
      for (const lane of lanes.values()) {
        const dropped = lane.waiting.filter(due => due.sessionId === sessionId)
        lane.waiting = lane.waiting.filter(due => due.sessionId !== sessionId)
        const running = lane.running.get(sessionId)
        running?.cancel(reason)
        count += dropped.length + (running ? 1 : 0)
        await dismiss(lane, dropped, 'cancelled', reason)
      }
      return count
    },
    answer: (sessionId, questionId, optionId) =>
      [...lanes.values()].some(lane => lane.running.get(sessionId)?.answer(questionId, optionId) ?? false),
    drain: async forMs => {
      draining = true
      const running = [...lanes.values()].flatMap(lane => [...lane.running.values()])
      const late = setTimeout(() => running.forEach(turn => turn.cancel('The hive was stopped.')), forMs)
      await Promise.all(running.map(turn => turn.done))
      clearTimeout(late)
    },
  }
}
