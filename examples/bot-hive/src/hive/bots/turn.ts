import type { z } from 'zod'
import type { PlanPart, QuestionPart, ToolPart } from '../model.ts'

/** One message for a bot, and where its reply goes. */
export interface Turn {
  /** The bot's own session that an earlier turn of this conversation answered, if there was one. */
  readonly agentSessionId?: string
  /** What the person wrote. */
  readonly text: string
  /** Cancels the turn; it settles at once, whatever the bot does. */
  readonly signal: AbortSignal
  /** Called in order, and never again once the turn has settled. */
  readonly onUpdate: (update: TurnUpdate) => void
  /** Asks the person. The bot waits; the idle limit does not run meanwhile. */
  readonly onQuestion: (question: Question) => Promise<string>
}

/** What the bot asks, without the answer. `onQuestion` resolves to the id of an option, or to `cancelled`. */
export type Question = Omit<z.infer<typeof QuestionPart>, 'type' | 'answer'>

/** One step of a reply. */
export type TurnUpdate =
  | { readonly type: 'text', readonly text: string }
  | { readonly type: 'thought', readonly text: string }
  | ({ readonly type: 'tool', readonly id: string } & Partial<Omit<z.infer<typeof ToolPart>, 'type' | 'id'>>)
  | ({ readonly type: 'plan' } & Pick<z.infer<typeof PlanPart>, 'entries'>)
  /** The bot's own session of this conversation: keep it for the next turn. */
  | { readonly type: 'agent-session', readonly id: string }

/** How a turn ended when the bot ended it. */
export interface TurnEnd {
  /** As ACP says it: `end_turn`, `max_tokens`, `max_turn_requests`, `refusal` or `cancelled`. */
  readonly stopReason: string
  /** Give it back with the next turn of the same conversation. */
  readonly agentSessionId: string
}
