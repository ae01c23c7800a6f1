import { hrefOf } from '../app/place.ts'
import { useHive, useView } from '../app/context.ts'
import { ClockTime } from '../design/clock-time.tsx'
import { Icon } from '../design/icon.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Bot, Session, SessionList as List } from '../state/view.ts'
import './sessions.css'

const nothing: List = { state: 'loading', ids: [] }

const SessionRow = ({ session, current, unread }: {
  readonly session: Session
  readonly current: boolean
  readonly unread: number
}) => (
  <li>
    <a
      id={`session-${session.id}`} className={`session-row${unread > 0 ? ' is-unread' : ''}`}
      href={hrefOf({ botId: session.botId, sessionId: session.id })} aria-current={current ? 'page' : undefined}
    >
      <span className="session-title">{session.title || 'Untitled'}</span>
      <ClockTime className="session-time" at={session.updatedAt} />
      {unread > 0 && <span className="unread"><span className="visually-hidden">, unread: </span>{unread}</span>}
    </a>
  </li>
)

/** The sessions of one bot, newest first. */
export const SessionList = ({ bot }: { readonly bot: Bot }) => {
  const hive = useHive()
  const list = useView(view => view.sessionLists[bot.id]) ?? nothing
  const sessions = useView(view => view.sessions)
  const unread = useView(view => view.unread)
  const place = useView(view => view.place)
  return (
    <nav className="session-list" aria-label={`Sessions with ${bot.name}`}>
      <div className="pane-head">
        <h3 className="pane-title">Sessions</h3>
        <a
          id="new-session" className="button small" href={hrefOf({ botId: bot.id, fresh: true })}
          aria-current={place.fresh ? 'page' : undefined}
        >
          <Icon name="plus" />New session
        </a>
      </div>
      {list.state === 'failed' && list.problem && (
        <ProblemNote what="The sessions could not be read." problem={list.problem}>
          <button type="button" onClick={() => void hive.readSessions(bot.id)}>Try again</button>
        </ProblemNote>
      )}
      {list.state === 'loading' && list.ids.length === 0 && <div className="skeleton-rows" aria-hidden="true"><i /><i /><i /></div>}
      {list.state === 'ready' && list.ids.length === 0 && (
        <p className="hint">None yet. Your first message begins one.</p>
      )}
      <ul>
        {list.ids.map(id => sessions[id]).filter(session => session !== undefined).map(session => (
          <SessionRow
            key={session.id} session={session} current={session.id === place.sessionId}
            unread={unread[session.id]?.messageIds.length ?? 0}
          />
        ))}
      </ul>
      {list.next && (
        <button type="button" className="quiet more" onClick={() => void hive.readSessions(bot.id, list.next)}>
          Older sessions
        </button>
      )}
    </nav>
  )
}
