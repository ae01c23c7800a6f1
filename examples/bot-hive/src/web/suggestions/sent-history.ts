import type { Keep } from '../state/keep.ts'
import type { Sent } from './rank-suggestions.ts'

/** Commands kept for one bot; the least recent go first. */
const most = 200

const isSent = (value: unknown): value is Sent =>
  typeof value === 'object' && value !== null
  && 'text' in value && typeof value.text === 'string'
  && 'times' in value && typeof value.times === 'number'
  && 'lastAt' in value && typeof value.lastAt === 'number'

/** What was sent to a bot from this browser, the latest first. */
export const readHistory = (keep: Keep, botId: string): readonly Sent[] => {
  const kept = keep.get(`sent:${botId}`)
  return Array.isArray(kept) ? kept.filter(isSent) : []
}

/** Remembers that something was sent. Long texts are not worth repeating. */
export const remember = (keep: Keep, botId: string, text: string, now: number) => {
  if (text.length > 300) return
  const known = readHistory(keep, botId)
  const before = known.find(sent => sent.text === text)
  const next = { text, times: (before?.times ?? 0) + 1, lastAt: now }
  keep.set(`sent:${botId}`, [next, ...known.filter(sent => sent !== before)].slice(0, most))
}
