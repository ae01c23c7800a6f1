import type { SessionUpdate } from '@agentclientprotocol/sdk'
import type { BotCommand } from '../model.ts'
import type { TurnUpdate } from './turn.ts'

/** What a session update says: a step of a reply, or what the bot understands. */
export type ReadUpdate = TurnUpdate | { readonly type: 'commands', readonly commands: BotCommand[] }

const maxToolText = 4_096
const maxPlanEntries = 100
const maxCommands = 200

/**
 * Reads an update as it came from the bot, believing nothing: what is unknown or malformed is left out, what is long
 * is cut. Cheaper and more forgiving than validating the whole of it, for it is done for every piece of every reply.
 */
export const readUpdate = (raw: unknown): ReadUpdate | undefined => {
  const update = record(raw)
  switch (update?.sessionUpdate as SessionUpdate['sessionUpdate'] | undefined) {
    case 'agent_message_chunk': return say('text', update?.content)
    case 'agent_thought_chunk': return say('thought', update?.content)
    case 'tool_call':
    case 'tool_call_update': return readTool(update)
    case 'plan': return readPlan(update?.entries)
    case 'available_commands_update': return readCommands(update?.availableCommands)
    default: return
  }
}

/** Reads the tool that a bot asks permission for, or that it runs. */
export const readTool = (raw: unknown): (TurnUpdate & { readonly type: 'tool' }) | undefined => {
  const tool = record(raw)
  const id = string(tool?.toolCallId, 200)
  if (!id) return
  const title = string(tool?.title, 500)
  const kind = string(tool?.kind, 50)
  const status = oneOf(tool?.status, ['pending', 'in_progress', 'completed', 'failed'])
  const text = toolText(tool?.content) ?? string(tool?.rawOutput, maxToolText)
  return {
    type: 'tool',
    id,
    ...(title === undefined ? {} : { title }),
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(text === undefined ? {} : { text }),
  }
}

const say = (type: 'text' | 'thought', content: unknown): TurnUpdate | undefined => {
  const text = blockText(content)
  return text ? { type, text } : undefined
}

/** A content block as Markdown. The hive shows no remote images: they would tell their host who reads. */
const blockText = (raw: unknown): string | undefined => {
  const block = record(raw)
  switch (block?.type) {
    case 'text': return typeof block.text === 'string' ? block.text : undefined
    case 'resource_link': {
      const name = string(block.title, 200) ?? string(block.name, 200) ?? string(block.uri, 200)
      return name === undefined ? undefined : `[${name.replaceAll(/[[\]]/g, '')}](<${string(block.uri, 2_000) ?? ''}>)`
    }
    case 'resource': {
      const text = record(block.resource)?.text
      return typeof text === 'string' ? text : undefined
    }
    case 'image': return '_(an image)_'
    case 'audio': return '_(a sound)_'
    default: return
  }
}

const toolText = (content: unknown): string | undefined => {
  if (!Array.isArray(content)) return
  const texts = content.slice(0, 20).map(raw => {
    const item = record(raw)
    if (item?.type === 'content') return blockText(item.content)
    if (item?.type === 'diff') return `Changed ${string(item.path, 500) ?? 'a file'}`
    return undefined
  })
  const text = texts.filter(each => each !== undefined).join('\n')
  return text === '' ? undefined : cut(text, maxToolText)
}

const readPlan = (entries: unknown): TurnUpdate | undefined => {
  if (!Array.isArray(entries)) return
  return {
    type: 'plan',
    entries: entries.slice(0, maxPlanEntries).flatMap(raw => {
      const entry = record(raw)
      const text = string(entry?.content, 500)
      return text ? [{ text, status: oneOf(entry?.status, ['pending', 'in_progress', 'completed']) ?? 'pending' }] : []
    }),
  }
}

const readCommands = (list: unknown): ReadUpdate | undefined => {
  if (!Array.isArray(list)) return
  return {
    type: 'commands',
    commands: list.slice(0, maxCommands).flatMap(raw => {
      const command = record(raw)
      const name = string(command?.name, 100)?.replace(/^\//, '')
      const hint = string(record(command?.input)?.hint, 300)
      if (!name) return []
      return [{ name, description: string(command?.description, 500) ?? '', ...(hint ? { hint } : {}) }]
    }),
  }
}

const record = (value: unknown) =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined

const string = (value: unknown, maxChars: number) => typeof value === 'string' ? cut(value, maxChars) : undefined

const cut = (text: string, maxChars: number) => text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text

const oneOf = <T extends string>(value: unknown, known: readonly T[]) => known.find(each => each === value)
