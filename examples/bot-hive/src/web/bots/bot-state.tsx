import { Icon, type IconName } from '../design/icon.tsx'
import { secondsUntil, useNow } from '../design/use-now.ts'
import type { Bot } from '../state/view.ts'

type Mood = 'good' | 'active' | 'waiting' | 'off' | 'bad'
interface Look { readonly mood: Mood; readonly icon: IconName; readonly text: string }

const lookOf = (bot: Bot, now: number): Look => {
  switch (bot.state) {
    case 'starting':
      return { mood: 'waiting', icon: 'dots', text: 'Starting' }
    case 'ready':
      return bot.paused ? { mood: 'waiting', icon: 'pause', text: 'Paused' } : { mood: 'good', icon: 'check', text: 'Ready' }
    case 'busy': {
      const waiting = bot.queued > 0 ? `, ${bot.queued} waiting` : ''
      return bot.paused
        ? { mood: 'waiting', icon: 'pause', text: `Pausing${waiting}` }
        : { mood: 'active', icon: 'dots', text: `Working${waiting}` }
    }
    case 'draining':
      return { mood: 'waiting', icon: 'down', text: 'Finishing' }
    case 'restarting':
      return {
        mood: 'bad', icon: 'restart',
        text: bot.restartAt && bot.restartAt > now ? `Restarts in ${secondsUntil(bot.restartAt, now)} s` : 'Restarting',
      }
    case 'stopped':
      return bot.reason ? { mood: 'bad', icon: 'stop', text: 'Stopped' } : { mood: 'off', icon: 'stop', text: 'Stopped' }
  }
}

/** What a bot is doing, in a word and a shape as well as a colour. */
export const BotState = ({ bot }: { readonly bot: Bot }) => {
  const now = useNow(1_000, bot.state === 'restarting')
  const { mood, icon, text } = lookOf(bot, now)
  return (
    <span className={`bot-state ${mood}`}>
      <Icon name={icon} />
      <span className="bot-state-text">{text}</span>
    </span>
  )
}
