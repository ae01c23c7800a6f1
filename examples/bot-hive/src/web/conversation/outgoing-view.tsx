import { useHive } from '../app/context.ts'
import { ClockTime } from '../design/clock-time.tsx'
import { Icon } from '../design/icon.tsx'
import type { Outgoing } from '../state/view.ts'
import { Text } from './text.tsx'

/** A message that the hive does not have yet. */
export const OutgoingView = ({ outgoing }: { readonly outgoing: Outgoing }) => {
  const hive = useHive()
  return (
    <article className={`message by-user is-${outgoing.state}`} aria-labelledby={`message-${outgoing.key}`}>
      <header id={`message-${outgoing.key}`} className="message-head">
        <span className="message-author">You</span>
        <ClockTime className="message-time" at={outgoing.createdAt} />
      </header>
      <div className="message-body">
        <Text text={outgoing.text} typed />
        {outgoing.state === 'waiting' && (
          <p className="reply-state waiting"><Icon name="clock" />Will be sent when the hive can be reached</p>
        )}
        {outgoing.state === 'refused' && (
          <div className="reply-state failed" role="alert">
            <Icon name="warning" />
            <p><strong>Not sent.</strong> {outgoing.problem?.detail}</p>
            <button type="button" className="small" onClick={() => hive.sendAgain(outgoing.key)}><Icon name="restart" />Send again</button>
            <button type="button" className="small" onClick={() => hive.discard(outgoing.key)}>Discard</button>
          </div>
        )}
      </div>
    </article>
  )
}
