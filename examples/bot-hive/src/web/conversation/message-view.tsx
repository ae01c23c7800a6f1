import { memo } from 'react'
import { BotMark } from '../bots/bot-mark.tsx'
import { ClockTime } from '../design/clock-time.tsx'
import type { Message } from '../state/view.ts'
import { Part } from './part.tsx'
import { ReplyState } from './reply-state.tsx'

export interface MessageViewProps {
  readonly message: Message
  readonly botName: string
  /** Sends the question of a reply again. */
  readonly onRetry?: ((reply: Message) => void) | undefined
}

const authors = { user: 'You', system: 'Hive' } as const

/** One message: who, when, what. */
export const MessageView = memo(({ message, botName, onRetry }: MessageViewProps) => {
  const author = message.role === 'bot' ? botName : authors[message.role]
  const headId = `message-${message.id}`
  return (
    <article className={`message by-${message.role} is-${message.state}`} aria-labelledby={headId} aria-busy={message.state === 'streaming'}>
      <header id={headId} className="message-head">
        {message.role === 'bot' && <BotMark name={botName} />}
        <span className="message-author">{author}</span>
        <ClockTime className="message-time" at={message.createdAt} />
      </header>
      <div className="message-body">
        {/* oxlint-disable-next-line react/no-array-index-key -- a part's place is its name: deltas say which part grows */}
        {message.parts.map((part, i) => <Part key={i} part={part} message={message} />)}
        {message.role === 'bot' && (
          <ReplyState message={message} botName={botName} onRetry={onRetry && (() => onRetry(message))} />
        )}
      </div>
    </article>
  )
})
