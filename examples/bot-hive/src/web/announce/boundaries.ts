import type { Action } from '../state/action.ts'
import type { View } from '../state/view.ts'

/**
 * What is worth saying aloud about an action: that a reply begins and how it ends, that a bot went or came back,
 * that the hive is out of reach. Never the tokens between.
 */
export const boundaryOf = (action: Action, before: View, after: View): string | undefined => {
  if (action.type === 'connection') {
    if (action.connection.state === before.connection.state) return
    if (action.connection.state === 'lost') return 'Connection to the hive lost. Trying again.'
    return before.connection.state === 'lost' && action.connection.state === 'live' ? 'Connected again.' : undefined
  }
  if (action.type !== 'event') return
  const { event } = action

  if (event.type === 'bot') {
    const was = before.bots[event.bot.id]
    if (!was || was.state === event.bot.state) return
    const { name, state, reason } = event.bot
    if (state === 'stopped') return `${name} stopped.${reason ? ` ${reason}` : ''}`
    if (state === 'restarting') return `${name} is restarting.${reason ? ` ${reason}` : ''}`
    const wasAway = was.state === 'stopped' || was.state === 'restarting' || was.state === 'starting'
    return state === 'ready' && wasAway ? `${name} is ready.` : undefined
  }

  if (event.type === 'message' && event.message.role === 'bot') {
    const { message, botId } = event
    const bot = after.bots[botId]?.name ?? botId
    const here = after.place.sessionId === message.sessionId
    const where = here ? '' : ` in ${after.sessions[message.sessionId]?.title ?? 'another session'}`
    const was = before.conversations[message.sessionId]?.messages.findLast(known => known.id === message.id)
    if (was && was.state === message.state) return
    if (message.state === 'complete') return `${bot} replied${where}.`
    if (message.state === 'failed') return `${bot} could not reply${where}. ${message.error?.message ?? ''}`
    if (message.state === 'cancelled') return here ? 'Reply cancelled.' : undefined
    return message.state === 'streaming' && here ? `${bot} is replying.` : undefined
  }
}
