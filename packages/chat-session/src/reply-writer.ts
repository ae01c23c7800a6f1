import { err, fail, ok, type HiveError, type Result } from '@hivekit/errors'
import type { Message, MessageError, MessagePart } from './message.ts'

/** How a reply ends. */
export interface ReplyEnd {
  /** How it ends. */
  readonly state: 'complete' | 'failed' | 'cancelled'
  /** Why it failed or was cancelled. */
  readonly error?: MessageError
}

/**
 * A reply being written. What it holds is saved at most every `checkpointMs` and when it is finished, so that a
 * crash costs at most that much of its text.
 */
export interface ReplyWriter {
  /**
   * Adds prose at the end: to the last part when that is text, else as a new part. Costs no I/O.
   * Fails as `too_large` (and adds nothing) or, once finished, as `conflict`.
   */
  appendText(text: string): Result<void, HiveError>
  /**
   * Puts a part: over the one at an index, over the one with that `id`, or (an index one past the end, an id not yet
   * there) at the end. Costs no I/O. Fails as {@link ReplyWriter.appendText} does.
   *
   * @throws RangeError when the index is further than one past the end.
   */
  setPart(at: number | string, part: MessagePart): Result<void, HiveError>
  /** Saves the end. If that fails the reply is still open, and may be finished again; twice well is a `conflict`. */
  finish(end: ReplyEnd): Promise<Result<Message, HiveError>>
  /** Saves what there is now, without waiting for the next checkpoint. */
  flush(): Promise<Result<void, HiveError>>
  /** The reply as it is at this moment, saved or not. */
  current(): Message
}

/** What a writer needs of the store. */
export interface ReplyPort {
  readonly clock: () => number
  readonly checkpointMs: number
  readonly maxTextBytes: number
  /** Says what is wrong with a part, if anything is. */
  checkPart(part: MessagePart): HiveError | undefined
  /** Saves the reply as it now is. */
  save(message: Message): Promise<Result<void, HiveError>>
  /** Is called once, when the reply is finished. */
  onFinish(): void
}

/** Opens a writer over a reply that is already `streaming`. */
export const createReplyWriter = (reply: Message, port: ReplyPort): ReplyWriter => {
  const parts: MessagePart[] = [...reply.parts]
  let message: Message = reply
  let textBytes = 0
  let open = true
  let finishing = false
  let dirty = false
  let timer: NodeJS.Timeout | undefined

  const current = (): Message => (open ? { ...message, parts: [...parts] } : message)

  const save = async (): Promise<Result<void, HiveError>> => {
    clearTimeout(timer)
    timer = undefined
    if (!dirty) return ok(undefined)
    dirty = false
    const saved = await port.save(current())
    if (saved.isErr() && open) touch()
    return saved
  }
  const touch = () => {
    dirty = true
    message = { ...message, updatedAt: port.clock() }
    timer ??= setTimeout(() => void save(), port.checkpointMs).unref()
  }
  const closed = () => fail('conflict', `Reply "${reply.id}" is finished.`)

  return {
    appendText(text) {
      if (!open || finishing) return closed()
      if (typeof text !== 'string') throw new TypeError(`Expected text to be a string, got ${typeof text}.`)
      if (text === '') return ok(undefined)
      const bytes = Buffer.byteLength(text)
      if (textBytes + bytes > port.maxTextBytes) {
        return fail('too_large', `The reply's text would be larger than ${port.maxTextBytes} bytes.`)
      }
      textBytes += bytes
      const last = parts.at(-1)
      if (last?.type === 'text') parts[parts.length - 1] = { ...last, type: 'text', text: (last.text as string) + text }
      else parts.push({ type: 'text', text })
      touch()
      return ok(undefined)
    },
    setPart(at, part) {
      if (!open || finishing) return closed()
      const wrong = port.checkPart(part)
      if (wrong) return err(wrong)
      const found = typeof at === 'number' ? at : parts.findIndex(p => p.type !== 'text' && (p as { id?: unknown }).id === at)
      const index = found === -1 && typeof at === 'string' ? parts.length : found
      if (!Number.isInteger(index) || index < 0 || index > parts.length) {
        throw new RangeError(`Expected at to be an index from 0 to ${parts.length}, got ${at}.`)
      }
      const bytes = textBytesOf(part) - textBytesOf(parts[index])
      if (textBytes + bytes > port.maxTextBytes) {
        return fail('too_large', `The reply's text would be larger than ${port.maxTextBytes} bytes.`)
      }
      textBytes += bytes
      parts[index] = structuredClone(part)
      touch()
      return ok(undefined)
    },
    async finish({ state, error }) {
      if (!open || finishing) return closed()
      finishing = true
      clearTimeout(timer)
      timer = undefined
      const { error: _, ...rest } = current()
      const final: Message = { ...rest, state, ...(error ? { error } : {}), updatedAt: port.clock() }
      const saved = await port.save(final)
      finishing = false
      if (saved.isErr()) {
        touch()
        return err(saved.error)
      }
      open = false
      clearTimeout(timer)
      message = final
      port.onFinish()
      return ok(final)
    },
    flush: save,
    current,
  }
}

const textBytesOf = (part: MessagePart | undefined): number =>
  part?.type === 'text' && typeof part.text === 'string' ? Buffer.byteLength(part.text) : 0
