import { HiveError } from '@hivekit/errors'
import type { ReadUpdate } from './updates.ts'
import type { Turn, TurnUpdate } from './turn.ts'

/** A reply as it comes in: bounded in size, handed on in as few steps as it can be. */
export interface Reply {
  /** Takes an update of so many bytes on the wire. Answers an error when the reply has grown too large. */
  readonly add: (update: ReadUpdate | undefined, bytes: number) => HiveError | undefined
  /** Hands on what was added since the last time. Answers an error when it was not taken. */
  readonly flush: () => HiveError | undefined
}

/** Bytes on the wire that one character of a reply may cost, tools and plans included. */
const bytesPerChar = 256

/** Makes a {@link Reply}. */
export const createReply = (onUpdate: Turn['onUpdate'], maxChars: number): Reply => {
  let waiting: Mutable<TurnUpdate>[] = []
  let chars = 0
  let bytes = 0
  let fault: HiveError | undefined

  const merge = (update: TurnUpdate) => {
    const last = waiting.at(-1)
    if ((update.type === 'text' || update.type === 'thought') && last?.type === update.type) {
      last.text += update.text
      return
    }
    const same = waiting.find(each =>
      each.type === update.type && (each.type === 'plan' || (each.type === 'tool' && update.type === 'tool' && each.id === update.id)))
    if (same) Object.assign(same, update)
    else waiting.push({ ...update })
  }

  return {
    add: (update, size) => {
      bytes += size
      if (update && update.type !== 'commands') {
        if (update.type === 'text' || update.type === 'thought') chars += update.text.length
        if (chars <= maxChars) merge(update)
      }
      if (chars > maxChars || bytes > maxChars * bytesPerChar)
        fault ??= new HiveError('too_large', `The reply grew over ${amount(maxChars)} and was cut off there.`)
      return fault
    },
    flush: () => {
      const updates = waiting
      waiting = []
      try {
        for (const update of updates) onUpdate(update)
      } catch (cause) {
        fault ??= new HiveError('internal', 'The reply could not be taken in.', { cause })
      }
      return fault
    },
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const amount = (chars: number) => chars >= 2 ** 20 ? `${Math.round(chars / 2 ** 20)} million characters` : `${chars} characters`
