import type { BotTurn } from '../agent.ts'

/** Shows how a piece of work gets on. */
export interface Progress {
  /** Tells what share is done, 0 to 1, and lets everything else have its turn. Throws once the person has cancelled. */
  readonly reach: (share: number, note?: string) => Promise<void>
  /** Tells that it is done. */
  readonly done: (note: string) => Promise<void>
}

/** Between two reports to the person, in milliseconds. */
const reportMs = 200

/** Starts showing the progress of one piece of work as a tool. */
export const showProgress = async (turn: BotTurn, title: string): Promise<Progress> => {
  const call = { toolCallId: `${turn.sessionId}-${crypto.randomUUID()}`, title, kind: 'execute' } as const
  const show = (status: 'in_progress' | 'completed', note: string) =>
    turn.tool({ ...call, status, content: [{ type: 'content', content: { type: 'text', text: note } }] })
  let reported = performance.now()
  await show('in_progress', '0 %')

  return {
    reach: async (share, note) => {
      await new Promise(setImmediate)
      turn.signal.throwIfAborted()
      if (performance.now() - reported < reportMs) return
      reported = performance.now()
      await show('in_progress', note ?? `${Math.floor(share * 100)} %`)
    },
    done: note => show('completed', note),
  }
}
