import type { ReactNode } from 'react'
import { BotState } from '../bots/bot-state.tsx'
import { Icon } from '../design/icon.tsx'
import type { Bot } from '../state/view.ts'
import { hrefOf } from './place.ts'

export interface PlaceHeadProps {
  readonly bot: Bot
  /** The title, or a field to change it. */
  readonly children: ReactNode
  readonly actions?: ReactNode
}

/** What is open, and with whom. */
export const PlaceHead = ({ bot, children, actions }: PlaceHeadProps) => (
  <header className="place-head">
    <a className="button quiet icon-only back" href={hrefOf({ botId: bot.id })} aria-label={`Back to ${bot.name}`}>
      <Icon name="back" />
    </a>
    <div className="place-name">
      {children}
      <p className="place-bot"><span>{bot.name}</span><BotState bot={bot} /></p>
    </div>
    {actions && <div className="place-actions">{actions}</div>}
  </header>
)
