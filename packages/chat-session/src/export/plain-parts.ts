import type { Message, MessagePart } from '../message.ts'

/** What people read for a role. */
export const speakerOf = ({ role }: Message, botName: string): string =>
  role === 'user' ? 'User' : role === 'system' ? 'System' : botName

/** A part that is not prose, in words: its kind, title, state and text. */
export const describePart = (part: MessagePart): { readonly heading: string, readonly text: string } => {
  const field = (name: string): string => {
    const value = (part as Readonly<Record<string, unknown>>)[name]
    return typeof value === 'string' ? value : ''
  }
  const entries = (part as { entries?: unknown }).entries
  const list = Array.isArray(entries)
    ? entries.map((entry: { text?: unknown, status?: unknown }) => `- ${entry.status === 'completed' ? '[x]' : '[ ]'} ${typeof entry.text === 'string' ? entry.text : ''}`).join('\n')
    : ''
  const status = field('status')
  const kind = part.type.charAt(0).toUpperCase() + part.type.slice(1)
  const heading = [kind, field('title')].filter(Boolean).join(': ') + (status === '' ? '' : ` (${status})`)
  return { heading, text: [field('text'), list].filter(Boolean).join('\n') }
}

/** What is said of a message that did not end well, or not yet. */
export const stateNote = ({ state, error }: Message): string =>
  state === 'complete' ? '' : error ? `${state}: ${error.message}` : state
