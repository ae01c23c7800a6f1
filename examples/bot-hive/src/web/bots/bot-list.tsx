import { hrefOf } from '../app/place.ts'
import { useHive, useView } from '../app/context.ts'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Bot, Unread } from '../state/view.ts'
import { BotMark } from './bot-mark.tsx'
import { BotState } from './bot-state.tsx'
import './bots.css'

const unreadOf = (unread: Readonly<Record<string, Unread>>, botId: string) =>
  Object.values(unread).reduce((sum, of) => sum + (of.botId === botId ? of.messageIds.length : 0), 0)

const BotRow = ({ bot, current, unread }: { readonly bot: Bot; readonly current: boolean; readonly unread: number }) => (
  <li>
    <a className="bot-row" href={hrefOf({ botId: bot.id })} aria-current={current ? 'true' : undefined}>
      <BotMark name={bot.name} />
      <span className="bot-row-name">{bot.name}</span>
      <BotState bot={bot} />
      {unread > 0 && (
        <span className="unread"><span className="visually-hidden">, unread: </span>{unread}</span>
      )}
    </a>
  </li>
)

/** Every bot of the hive, with its state. */
export const BotList = () => {
  const hive = useHive()
  const list = useView(view => view.botList)
  const bots = useView(view => view.bots)
  const unread = useView(view => view.unread)
  const current = useView(view => view.place.botId)
  return (
    <nav className="bot-list" aria-labelledby="bots-title">
      <h2 id="bots-title" className="pane-title" tabIndex={-1}>Bots</h2>
      {list.problem && list.state === 'failed' && (
        <ProblemNote what="The bots could not be read." problem={list.problem}>
          <button type="button" onClick={() => void hive.readBots()}>Try again</button>
        </ProblemNote>
      )}
      {list.state === 'loading' && list.ids.length === 0 && <div className="skeleton-rows" aria-hidden="true"><i /><i /><i /></div>}
      {list.state === 'ready' && list.ids.length === 0 && (
        <p className="hint">There are no bots. Name one in <code>hive.config.json</code>.</p>
      )}
      <ul>
        {list.ids.map(id => bots[id]).filter(bot => bot !== undefined).map(bot => (
          <BotRow key={bot.id} bot={bot} current={bot.id === current} unread={unreadOf(unread, bot.id)} />
        ))}
      </ul>
    </nav>
  )
}
