import type { BotSessions, ReplyEnd } from '@hivekit/chat-session'
import type { HiveError, Result } from '@hivekit/errors'
import type { BotProcess } from './bots/bot.ts'
import type { TurnEnd } from './bots/turn.ts'
import { asMessage, type HiveEvent } from './model.ts'
import { createReplyStream } from './reply-stream.ts'

/** A reply that is due: it stands in the store as `pending`. */
export interface DueReply {
  readonly sessionId: string
  readonly replyId: string
  /** What the person wrote. */
  readonly text: string
}

/** A reply that is being made. */
export interface RunningTurn {
  /** Settles when the reply is stored in its last state. Never rejects. */
  readonly done: Promise<void>
  /** Ends it as cancelled, keeping what has come. */
  cancel(reason: string): void
  /** Gives the bot the person's choice; false when it asked no such thing. */
  answer(questionId: string, optionId: string): boolean
}

export interface TurnOptions {
  readonly bot: BotProcess
  readonly sessions: BotSessions
  readonly publish: (event: HiveEvent) => void
}

/** Runs one turn: marks the reply as begun, asks the bot, saves and tells what comes, stores the end. */
export const runTurn = (due: DueReply, { bot, sessions, publish }: TurnOptions): RunningTurn => {
  const cancelling = new AbortController()
  const questions = new Map<string, { readonly options: readonly string[]; readonly choose: (optionId: string) => void }>()

  const run = async () => {
    // Begun is stored before the bot hears of it: after a crash nothing is asked of a bot twice.
    const opened = await sessions.openReply(due.sessionId, due.replyId)
    if (opened.isErr()) return
    const writer = opened.value
    let refused: HiveError | undefined
    const stream = createReplyStream({
      botId: bot.id, writer, publish,
      onRefused: error => {
        refused ??= error
        cancelling.abort()
      },
    })
    const data: Readonly<Record<string, unknown>> = (await sessions.getData(due.sessionId)).unwrapOr({})
    const agentSessionId = data['agentSessionId']

    const ended = await bot.prompt({
      ...(typeof agentSessionId === 'string' ? { agentSessionId } : {}),
      text: due.text,
      signal: cancelling.signal,
      onUpdate: update => {
        if (update.type !== 'agent-session') stream.step(update)
        else if (update.id !== agentSessionId) void sessions.setData(due.sessionId, { ...data, agentSessionId: update.id })
      },
      onQuestion: async question => {
        const { promise, resolve } = Promise.withResolvers<string>()
        questions.set(question.id, { options: question.options.map(({ id }) => id), choose: resolve })
        cancelling.signal.addEventListener('abort', () => resolve('cancelled'), { once: true })
        stream.ask(question)
        const chosen = await promise
        questions.delete(question.id)
        stream.answer(question.id, chosen)
        return chosen
      },
    })
    for (const question of questions.values()) question.choose('cancelled')
    stream.end()
    const stored = await writer.finish(endOf(ended, refused, cancelling.signal))
    // What cannot be stored is at least shown; the next start finds it begun and marks it as failed.
    if (stored.isErr()) publish({
      type: 'message', botId: bot.id,
      message: { ...asMessage(writer.current()), state: 'failed', error: { code: stored.error.code, message: stored.error.message } },
    })
  }

  return {
    done: run(),
    cancel: reason => cancelling.abort(reason),
    answer: (questionId, optionId) => {
      const question = questions.get(questionId)
      if (!question?.options.includes(optionId)) return false
      question.choose(optionId)
      return true
    },
  }
}

const endOf = (ended: Result<TurnEnd, HiveError>, refused: HiveError | undefined, signal: AbortSignal): ReplyEnd => {
  if (refused) return { state: 'failed', error: { code: refused.code, message: refused.message } }
  if (signal.aborted) return { state: 'cancelled', error: { code: 'cancelled', message: String(signal.reason) } }
  if (ended.isErr()) return { state: 'failed', error: { code: ended.error.code, message: ended.error.message } }
  const { stopReason } = ended.value
  if (stopReason === 'cancelled') return { state: 'cancelled', error: { code: 'cancelled', message: 'The bot cancelled it.' } }
  if (stopReason === 'refusal') return { state: 'failed', error: { code: 'forbidden', message: 'The bot declined to answer.' } }
  return { state: 'complete' }
}
