import type { ReplyWriter } from '@hivekit/chat-session'
import type { HiveError } from '@hivekit/errors'
import type { Question, TurnUpdate } from './bots/turn.ts'
import { asMessage, type HiveEvent, type MessagePart } from './model.ts'

/** A reply while it comes: folds the bot's steps into parts, saves them and tells the pages, both a few times a second. */
export interface ReplyStream {
  step(update: Exclude<TurnUpdate, { type: 'agent-session' }>): void
  ask(question: Question): void
  answer(questionId: string, optionId: string): void
  /** Passes on what is left, and stops. */
  end(): void
}

export interface ReplyStreamOptions {
  readonly botId: string
  readonly writer: ReplyWriter
  readonly publish: (event: HiveEvent) => void
  /** Called when the store will not take more, for instance because the reply is too large. */
  readonly onRefused: (error: HiveError) => void
  /** How often to tell. Default: 40. */
  readonly tellMs?: number
}

/** Text next to text grows one part; a tool, a plan and a question are kept up to date in their place. */
export const createReplyStream = ({ botId, writer, publish, onRefused, tellMs = 40 }: ReplyStreamOptions): ReplyStream => {
  const parts: MessagePart[] = []
  const changed = new Set<number>()
  let growth: { part: number; at: number; text: string } | undefined
  let timer: NodeJS.Timeout | undefined

  const tell = () => {
    clearTimeout(timer)
    timer = undefined
    if (changed.size === 0 && !growth) return
    const refused = [...changed].toSorted((a, b) => a - b).map(at => writer.setPart(at, { ...parts[at]! }))
    if (growth) refused.push(writer.appendText(growth.text))
    const { id, sessionId } = writer.current()
    if (changed.size > 0) publish({ type: 'message', botId, message: asMessage(writer.current()) })
    else if (growth) publish({ type: 'delta', botId, sessionId, messageId: id, ...growth })
    changed.clear()
    growth = undefined
    for (const result of refused) if (result.isErr()) onRefused(result.error)
  }

  const touch = (at: number) => {
    changed.add(at)
    timer ??= setTimeout(tell, tellMs)
  }

  const put = (part: MessagePart, at: number) => {
    const place = at < 0 ? parts.length : at
    parts[place] = { ...parts[place], ...part }
    touch(place)
  }

  const grow = (type: 'text' | 'thought', text: string) => {
    const at = parts.length - 1
    const tail = parts[at]
    if (tail?.type !== type) return put({ type, text }, -1)
    if (type === 'text' && !changed.has(at)) {
      growth ??= { part: at, at: tail.text.length, text: '' }
      growth.text += text
      timer ??= setTimeout(tell, tellMs)
    } else touch(at)
    tail.text += text
  }

  return {
    step: update => {
      if (update.type === 'text' || update.type === 'thought') return grow(update.type, update.text)
      if (growth) tell()
      if (update.type === 'plan') return put({ ...update, entries: [...update.entries] }, parts.findLastIndex(part => part.type === 'plan'))
      const at = parts.findIndex(part => part.type === 'tool' && part.id === update.id)
      put({ ...(at < 0 ? { title: update.id, status: 'pending' } : {}), ...update } as MessagePart, at)
    },
    ask: question => put({ type: 'question', ...question }, -1),
    answer: (questionId, optionId) => {
      const at = parts.findLastIndex(part => part.type === 'question' && part.id === questionId)
      if (at >= 0) put({ ...parts[at], answer: optionId } as MessagePart, at)
    },
    end: tell,
  }
}
