import type { Bot } from '../state/view.ts'
import { BotControls } from './bot-controls.tsx'
import { BotLog } from './bot-log.tsx'
import { BotState } from './bot-state.tsx'

/** The bot that is open: what it is for, how it does, what can be done with it. */
export const BotPanel = ({ bot }: { readonly bot: Bot }) => (
  <div className="bot-panel">
    <div className="bot-panel-head">
      <h2 id="bot-title" tabIndex={-1}>{bot.name}</h2>
      <BotState bot={bot} />
    </div>
    {bot.description && <p className="bot-panel-about">{bot.description}</p>}
    {bot.reason && (bot.state === 'stopped' || bot.state === 'restarting') && <p className="bot-reason">{bot.reason}</p>}
    <BotControls bot={bot} />
    <BotLog key={bot.id} botId={bot.id} />
  </div>
)
