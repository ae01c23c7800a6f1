import type { Message as StoredMessage, Session as StoredSession } from '@hivekit/chat-session'
import { z } from 'zod'

/*
 * The things a hive is made of, as they go over the wire. One definition serves the HTTP API, its OpenAPI
 * document, the event stream and the page.
 */

const epochMs = z.number().int().nonnegative().meta({ description: 'Epoch milliseconds.' })

/** A slash command that a bot says it understands (ACP `available_commands_update`). */
export const BotCommand = z.object({
  name: z.string(),
  description: z.string(),
  hint: z.string().optional().meta({ description: 'What may follow the command.' }),
}).meta({ id: 'BotCommand' })
export type BotCommand = z.infer<typeof BotCommand>

export const BotState = z.enum(['starting', 'ready', 'busy', 'draining', 'stopped', 'restarting']).meta({ id: 'BotState' })
export type BotState = z.infer<typeof BotState>

/** One bot: a supervised process that speaks ACP. */
export const Bot = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  command: z.array(z.string()).meta({ description: 'The program and its arguments.' }),
  state: BotState,
  reason: z.string().optional().meta({ description: 'Why it is stopped or restarting, in plain words.' }),
  paused: z.boolean().meta({ description: 'A paused bot finishes what it does and takes nothing new.' }),
  pid: z.number().int().optional(),
  commands: z.array(BotCommand),
  maxConcurrent: z.number().int().positive(),
  running: z.number().int().nonnegative().meta({ description: 'Replies being made.' }),
  queued: z.number().int().nonnegative().meta({ description: 'Messages waiting for it.' }),
  restarts: z.number().int().nonnegative().meta({ description: 'Crashes since it was last launched by a person.' }),
  restartAt: epochMs.optional().meta({ description: 'When it will be started again.' }),
  startedAt: epochMs.optional(),
  lastHeartbeat: epochMs.optional().meta({ description: 'When it last said anything at all.' }),
}).meta({ id: 'Bot' })
export type Bot = z.infer<typeof Bot>

/** A conversation with one bot; it never moves to another. */
export const Session = z.object({
  id: z.string(),
  botId: z.string(),
  title: z.string(),
  messageCount: z.number().int().nonnegative(),
  createdAt: epochMs,
  updatedAt: epochMs,
}).meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const TextPart = z.object({ type: z.literal('text'), text: z.string() })

/** A tool that the bot runs on the way to its answer. */
export const ToolPart = z.object({
  type: z.literal('tool'),
  id: z.string(),
  title: z.string(),
  kind: z.string().optional(),
  status: z.enum(['pending', 'in_progress', 'completed', 'failed']),
  text: z.string().optional().meta({ description: 'What the tool gave back, cut to 4 kB.' }),
})

/** What the bot thinks on the way; shown folded. */
export const ThoughtPart = z.object({ type: z.literal('thought'), text: z.string() })

/** The bot's plan, replaced as it changes. */
export const PlanPart = z.object({
  type: z.literal('plan'),
  entries: z.array(z.object({ text: z.string(), status: z.enum(['pending', 'in_progress', 'completed']) })),
})

/** A question the bot waits for: answer with `POST /api/sessions/{id}/answers`. */
export const QuestionPart = z.object({
  type: z.literal('question'),
  id: z.string(),
  title: z.string(),
  options: z.array(z.object({ id: z.string(), name: z.string(), kind: z.string() })),
  answer: z.string().optional().meta({ description: 'The id of the chosen option, or "cancelled".' }),
})

export const MessagePart = z
  .discriminatedUnion('type', [TextPart, ToolPart, ThoughtPart, PlanPart, QuestionPart])
  .meta({ id: 'MessagePart' })
export type MessagePart = z.infer<typeof MessagePart>

export const MessageState = z.enum(['pending', 'streaming', 'complete', 'failed', 'cancelled']).meta({ id: 'MessageState' })

/** One message of a session. A bot's reply exists as `pending` from the moment the question is stored. */
export const Message = z.object({
  id: z.string(),
  sessionId: z.string(),
  seq: z.number().int().positive().meta({ description: 'Its place in the session, from 1, without gaps.' }),
  role: z.enum(['user', 'bot', 'system']),
  parts: z.array(MessagePart),
  state: MessageState,
  error: z.object({ code: z.string(), message: z.string() }).optional().meta({ description: 'Why it failed or was cancelled.' }),
  createdAt: epochMs,
  updatedAt: epochMs,
}).meta({ id: 'Message' })
export type Message = z.infer<typeof Message>

/** RFC 9457, as `@hivekit/errors` makes it. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  kind: z.string(),
  retryAfterMs: z.number().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
}).meta({ id: 'Problem' })

/**
 * One event of `GET /api/events`. Its SSE `event` is `type`, its `data` this object, its `id` the number.
 * Every event carries the whole thing as it now is, except `delta`, which carries what was added.
 */
export const HiveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bot'), bot: Bot }),
  z.object({ type: z.literal('session'), session: Session }),
  z.object({ type: z.literal('session-deleted'), sessionId: z.string(), botId: z.string() }),
  z.object({ type: z.literal('message'), botId: z.string(), message: Message }),
  z.object({
    type: z.literal('delta'),
    botId: z.string(),
    sessionId: z.string(),
    messageId: z.string(),
    part: z.number().int().nonnegative().meta({ description: 'Which part grows.' }),
    at: z.number().int().nonnegative().meta({ description: 'How long (UTF-16) that part was before.' }),
    text: z.string(),
  }),
  z.object({ type: z.literal('hive'), state: z.enum(['running', 'draining']) }),
  z.object({ type: z.literal('reset') }).meta({ description: 'The place asked for is gone: read everything anew.' }),
]).meta({ id: 'HiveEvent' })
export type HiveEvent = z.infer<typeof HiveEvent>

/** A stored message as it goes over the wire. The hive alone writes parts, so they are of its kinds. */
export const asMessage = ({ id, sessionId, seq, role, parts, state, error, createdAt, updatedAt }: StoredMessage): Message => ({
  id, sessionId, seq, role, parts: parts as MessagePart[], state, ...(error ? { error } : {}), createdAt, updatedAt,
})

/** A stored session as it goes over the wire. */
export const asSession = ({ id, botId, title, messageCount, createdAt, updatedAt }: StoredSession): Session =>
  ({ id, botId, title, messageCount, createdAt, updatedAt })
