import type { Place } from '../state/view.ts'

/** Reads the place out of an address' fragment: `#/bots/:id`, `#/bots/:id/sessions/:id`, `#/bots/:id/sessions/new`. */
export const readPlace = (hash: string): Place => {
  const [bots, botId, sessions, sessionId] = hash.replace(/^#?\/?/, '').split('/').map(decode)
  if (bots !== 'bots' || !botId) return {}
  if (sessions !== 'sessions' || !sessionId) return { botId }
  return sessionId === 'new' ? { botId, fresh: true } : { botId, sessionId }
}

const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The address of a place: `readPlace` gives it back. */
export const hrefOf = ({ botId, sessionId, fresh }: Place): string => {
  if (!botId) return '#/'
  const bot = `#/bots/${encodeURIComponent(botId)}`
  if (fresh) return `${bot}/sessions/new`
  return sessionId ? `${bot}/sessions/${encodeURIComponent(sessionId)}` : bot
}
