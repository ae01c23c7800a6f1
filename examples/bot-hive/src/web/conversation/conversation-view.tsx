import { useEffect, useState } from 'react'
import { useHive, useView } from '../app/context.ts'
import { PlaceHead } from '../app/place-head.tsx'
import { Composer } from '../composer/composer.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import { DeleteSession } from '../sessions/delete-session.tsx'
import { SessionTitle } from '../sessions/session-title.tsx'
import type { Problem } from '../server/problem.ts'
import { emptyConversation, type Bot } from '../state/view.ts'
import { MessageList } from './message-list.tsx'
import './conversation.css'
import './message.css'

export interface ConversationViewProps {
  readonly bot: Bot
  readonly sessionId: string
  /** The session is gone: go to where one was before. */
  readonly onDeleted: () => void
}

/** One session: its messages and a place to write. */
export const ConversationView = ({ bot, sessionId, onDeleted }: ConversationViewProps) => {
  const hive = useHive()
  const session = useView(view => view.sessions[sessionId])
  const conversation = useView(view => view.conversations[sessionId]) ?? emptyConversation
  const hasOutgoing = useView(view => view.outbox.some(outgoing => outgoing.sessionId === sessionId))
  const [cancelProblem, setCancelProblem] = useState<Problem>()
  const replying = conversation.messages.some(message => message.state === 'pending' || message.state === 'streaming')

  const lastPart = conversation.messages.findLast(message => message.role === 'bot')?.parts.findLast(part => part.type === 'text')
  const lastReply = replying ? '' : lastPart?.text.slice(-2_000) ?? ''

  const cancel = async () => {
    const outcome = await hive.cancel(sessionId)
    setCancelProblem(outcome.ok ? undefined : outcome.problem)
  }
  useEffect(() => {
    if (!replying) return
    const onKeyDown = (event: KeyboardEvent) => {
      const busyElsewhere = event.defaultPrevented || document.querySelector('dialog[open]')
      if (event.key === 'Escape' && !busyElsewhere) void cancel()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  })

  const isEmpty = conversation.state === 'ready' && conversation.messages.length === 0 && !hasOutgoing
  return (
    <>
      <PlaceHead bot={bot} actions={session && <DeleteSession session={session} onDeleted={onDeleted} />}>
        {session ? <SessionTitle session={session} /> : <h2 id="place-title" className="place-title" tabIndex={-1}>Session</h2>}
      </PlaceHead>
      {conversation.problem && (
        <div className="place-problem">
          <ProblemNote what="The messages could not be read." problem={conversation.problem}>
            <button type="button" onClick={() => void hive.readConversation(sessionId)}>Try again</button>
          </ProblemNote>
        </div>
      )}
      {conversation.state === 'loading' && conversation.messages.length === 0
        ? <div className="messages-loading"><span className="visually-hidden">Reading the messages</span><i /><i /><i /></div>
        : isEmpty
          ? <div className="messages-empty"><p>Nothing has been said yet.</p></div>
          : <MessageList session={session} sessionId={sessionId} bot={bot} conversation={conversation} />}
      {cancelProblem && (
        <div className="place-problem"><ProblemNote what="The reply was not stopped." problem={cancelProblem} /></div>
      )}
      <Composer
        bot={bot} draftName={sessionId} onSend={text => hive.send(sessionId, text)}
        lastReply={lastReply}
        onCancel={replying ? () => void cancel() : undefined}
      />
    </>
  )
}
