import { useView } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import type { Message } from '../state/view.ts'

const waitingText = (ahead: number | undefined, botName: string) => {
  if (ahead === undefined) return `Waiting for ${botName}`
  if (ahead === 0) return `Next for ${botName}`
  return ahead === 1 ? 'Waiting, 1 message before it' : `Waiting, ${ahead} messages before it`
}

export interface ReplyStateProps {
  readonly message: Message
  readonly botName: string
  /** Sends the question again. Absent when there is none to send. */
  readonly onRetry?: (() => void) | undefined
}

/** Says of a reply whether it is still to come, and why it did not. */
export const ReplyState = ({ message, botName, onRetry }: ReplyStateProps) => {
  const ahead = useView(view => view.ahead[message.id])
  switch (message.state) {
    case 'pending':
      return <p className="reply-state waiting"><Icon name="clock" />{waitingText(ahead, botName)}</p>
    case 'streaming':
      return <p className="reply-state working"><span className="working-dots" aria-hidden="true"><i /><i /><i /></span>Working</p>
    case 'failed':
    case 'cancelled':
      return (
        <div className={`reply-state ${message.state}`}>
          <Icon name={message.state === 'failed' ? 'warning' : 'stop'} />
          <p>
            {message.state === 'failed'
              ? <><strong>No full reply.</strong> {message.error?.message}</>
              : message.error?.message ?? 'Cancelled.'}
          </p>
          {onRetry && (
            <button type="button" className="small" onClick={onRetry}><Icon name="restart" />Ask again</button>
          )}
        </div>
      )
    case 'complete':
      return null
  }
}
