import { randomUUID } from 'node:crypto'
import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk'
import { err, fail, HiveError, type Result } from '@hivekit/errors'
import type { BotCommand } from '../model.ts'
import type { AcpClient } from './acp.ts'
import type { BotLimits } from './bot.ts'
import type { Clock } from './clock.ts'
import { createReply, type Reply } from './reply.ts'
import type { Sessions } from './sessions.ts'
import type { Turn, TurnEnd } from './turn.ts'
import { readTool, readUpdate } from './updates.ts'

/** What turns need of the life of a process. */
export interface TurnsOptions {
  readonly acp: AcpClient
  readonly sessions: Sessions
  readonly clock: Clock
  readonly limits: Pick<BotLimits, 'cancelGraceMs' | 'maxReplyChars'>
  readonly replyTimeoutMs: number
  readonly onCommands: (commands: BotCommand[]) => void
  /** Called when a turn gave up waiting and the bot had not said one thing meanwhile. */
  readonly onSilent: () => void
  /** Bytes that the bot has written so far. */
  readonly bytes: () => number
}

/** The turns of one life of a bot's process. */
export interface Turns {
  /** Runs a turn. Never rejects. */
  readonly run: (turn: Turn) => Promise<Result<TurnEnd, HiveError>>
  /** Takes a session update; answers whether anybody wanted it. */
  readonly update: (notification: { readonly sessionId?: unknown, readonly update?: unknown }, bytes: number) => boolean
  /** Hands on what has come. Updates are gathered until then, so that a flood of pieces costs as much as one. */
  readonly flush: () => void
  /** Asks the person of a turn for permission. */
  readonly ask: (request: RequestPermissionRequest) => Promise<RequestPermissionResponse>
  /** Settles every turn with this error and asks the bot to end them. */
  readonly cancelAll: (error: HiveError) => void
}

/** What a bot may ask at once in one reply; more are answered as cancelled. */
const maxQuestions = 20

/** Makes {@link Turns}. */
export const createTurns = (options: TurnsOptions): Turns => {
  const { acp, sessions, clock, limits, replyTimeoutMs, onCommands, onSilent, bytes } = options
  const running = new Map<string, Running>()
  const fresh = new Set<Reply>()

  const play = (sessionId: string, turn: Turn) => new Promise<Result<TurnEnd, HiveError>>(resolve => {
    let settled = false
    let questions = 0
    let lastMs = clock.now()
    let seen = bytes()
    let stopWatch = () => {}
    const over = Promise.withResolvers<'cancelled'>()
    const reply = createReply(turn.onUpdate, limits.maxReplyChars)

    const settle = (result: Result<TurnEnd, HiveError>) => {
      if (settled) return
      const fault = reply.flush()
      settled = true
      fresh.delete(reply)
      running.delete(sessionId)
      stopWatch()
      turn.signal.removeEventListener('abort', onAbort)
      over.resolve('cancelled')
      resolve(fault && result.isOk() ? err(fault) : result)
    }
    /** Settles now and lets the bot end its side; if it does not, its session is given up. */
    const giveUp = (error: HiveError) => {
      if (settled) return
      settle(err(error))
      acp.cancel(sessionId)
      sessions.ending(sessionId, answer, limits.cancelGraceMs)
    }
    const onAbort = () => giveUp(cancelled())
    const watch = (delayMs: number) => {
      stopWatch = clock.after(delayMs, () => {
        const idleMs = clock.now() - lastMs
        if (questions > 0) return watch(replyTimeoutMs)
        if (idleMs < replyTimeoutMs) return watch(replyTimeoutMs - idleMs)
        const silent = bytes() === seen
        giveUp(new HiveError('timeout', `No progress for ${seconds(replyTimeoutMs)}; the reply was given up.`))
        if (silent) onSilent()
      })
    }
    const progress = () => {
      lastMs = clock.now()
      seen = bytes()
    }

    running.set(sessionId, {
      reply,
      giveUp,
      progress,
      questions: () => questions,
      ask: async question => {
        questions++
        try {
          return await Promise.race([turn.onQuestion(question), over.promise])
        } catch {
          return 'cancelled'
        } finally {
          questions--
          progress()
        }
      },
    })
    turn.signal.addEventListener('abort', onAbort, { once: true })
    progress()
    watch(replyTimeoutMs)
    const answer = acp.prompt(sessionId, turn.text)
    void answer.then(result => settle(result.map(stopReason => ({ stopReason, agentSessionId: sessionId }))))
  })

  return {
    run: async turn => {
      if (turn.signal.aborted) return err(cancelled())
      const session = await untilAborted(sessions.open(turn.agentSessionId), turn.signal)
      if (session === undefined) return err(cancelled())
      if (session.isErr()) return err(session.error)
      const id = session.value
      if (running.has(id)) return fail('conflict', 'This conversation with the bot is in the middle of a reply.')
      if (id !== turn.agentSessionId) turn.onUpdate({ type: 'agent-session', id })
      return play(id, turn)
    },

    update: ({ sessionId, update }, size) => {
      const read = readUpdate(update)
      if (read?.type === 'commands') {
        onCommands(read.commands)
        return true
      }
      const turn = typeof sessionId === 'string' ? running.get(sessionId) : undefined
      if (turn === undefined) return typeof sessionId === 'string' && sessions.isLoading(sessionId)
      turn.progress()
      const fault = turn.reply.add(read, size)
      if (fault) turn.giveUp(fault)
      else fresh.add(turn.reply)
      return true
    },

    flush: () => {
      for (const reply of fresh) reply.flush()
      fresh.clear()
    },

    ask: async ({ sessionId, toolCall, options: choices }) => {
      const turn = running.get(sessionId)
      if (turn === undefined || turn.questions() >= maxQuestions) return { outcome: { outcome: 'cancelled' } }
      const tool = readTool(toolCall)
      if (tool) turn.reply.add(tool, 0)
      turn.reply.flush()
      const options = choices.slice(0, 20).map(({ optionId, name, kind }) => ({ id: optionId, name: name.slice(0, 200), kind }))
      const optionId = await turn.ask({ id: randomUUID(), title: tool?.title ?? 'May it go on?', options })
      return options.some(({ id }) => id === optionId)
        ? { outcome: { outcome: 'selected', optionId } }
        : { outcome: { outcome: 'cancelled' } }
    },

    cancelAll: error => {
      for (const turn of running.values()) turn.giveUp(error)
    },
  }
}

interface Running {
  readonly reply: Reply
  readonly giveUp: (error: HiveError) => void
  readonly progress: () => void
  readonly questions: () => number
  readonly ask: (question: Parameters<Turn['onQuestion']>[0]) => Promise<string>
}

const cancelled = () => new HiveError('cancelled', 'The reply was cancelled.')

const seconds = (ms: number) => ms >= 1_000 ? `${Math.round(ms / 1_000)} s` : `${ms} ms`

const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
