import type { MessagePart } from './message.ts'

/** Parts as they are stored: JSON, and what is nothing but prose, as most messages are, as its text alone. */
export const encodeParts = (parts: readonly MessagePart[]): string => {
  const [only, ...more] = parts
  const isProse = only !== undefined && more.length === 0 && only.type === 'text' && typeof only.text === 'string' && Object.keys(only).length === 2
  return JSON.stringify(isProse ? only.text : parts)
}

/** Reads stored parts. */
export const decodeParts = (json: string): MessagePart[] => {
  const value = JSON.parse(json) as MessagePart[] | string
  return typeof value === 'string' ? [{ type: 'text', text: value }] : value
}
