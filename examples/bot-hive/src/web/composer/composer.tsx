import { useEffect, useRef, type FormEvent, type KeyboardEvent, type ReactNode } from 'react'
import { useHive, usePage, useView } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { usePreferences } from '../preferences/preferences-dialog.tsx'
import type { Bot } from '../state/view.ts'
import { readHistory, remember } from '../suggestions/sent-history.ts'
import { SuggestionList } from '../suggestions/suggestion-list.tsx'
import { useSuggestions } from '../suggestions/use-suggestions.ts'
import { useDraft } from './draft.ts'
import './composer.css'

export interface ComposerProps {
  readonly bot: Bot
  /** Names the draft: one for each session. */
  readonly draftName: string
  readonly onSend: (text: string) => void
  /** Stops the reply in progress. Absent when there is none. */
  readonly onCancel?: (() => void) | undefined
  /** The end of the last reply: what it names is suggested first. */
  readonly lastReply?: string
  /** Text to put in, and a number that changes each time it is to be put in. */
  readonly insert?: { readonly text: string; readonly times: number } | undefined
}

/** Why a message would not be answered now, and what can be done about it. */
const Notice = ({ bot }: { readonly bot: Bot }): ReactNode => {
  const hive = useHive()
  const lost = useView(view => view.connection.state === 'lost')
  const draining = useView(view => view.draining)
  if (draining) return 'The hive is shutting down: what you send now waits until it is back.'
  if (lost) return 'No connection: what you send now is kept and sent when the hive is back.'
  if (bot.state === 'stopped') {
    return (
      <>
        <span>{bot.name} is stopped and cannot reply.{bot.reason && ` ${bot.reason}`}</span>
        <button type="button" className="small" onClick={() => void hive.command(bot.id, 'launch')}>
          <Icon name="play" />Launch {bot.name}
        </button>
      </>
    )
  }
  if (bot.state === 'restarting') return `${bot.name} is restarting: what you send now waits for it.`
  if (bot.state === 'draining') return `${bot.name} is stopping: it takes nothing new.`
  if (bot.paused) {
    return (
      <>
        <span>{bot.name} is paused: what you send now waits for it.</span>
        <button type="button" className="small" onClick={() => void hive.command(bot.id, 'resume')}>
          <Icon name="play" />Resume {bot.name}
        </button>
      </>
    )
  }
  return null
}

/** Where one writes. Enter sends, Shift and Enter begin a new line. */
export const Composer = ({ bot, draftName, onSend, onCancel, insert, lastReply = '' }: ComposerProps) => {
  const [text, setText] = useDraft(draftName)
  const field = useRef<HTMLTextAreaElement>(null)
  const canSend = bot.state !== 'stopped' && bot.state !== 'draining'
  const { keep, announcer } = usePage()
  const { suggestions, active, choose, onKey } = useSuggestions({ bot, text, setText, lastReply })
  const byControl = usePreferences().send === 'ctrl-enter'
  const notice = <Notice bot={bot} />

  const count = suggestions.length
  useEffect(() => {
    if (count > 0) announcer.say(count === 1 ? '1 suggestion' : `${count} suggestions`)
  }, [count, announcer])
  useEffect(() => {
    if (!insert || insert.times === 0) return
    setText(insert.text)
    field.current?.focus()
  }, [insert, setText])

  const send = () => {
    const said = text.trim()
    if (said === '' || !canSend) return
    remember(keep, bot.id, said, Date.now())
    onSend(said)
    setText('')
    field.current?.focus()
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (onKey(event)) return
    if (event.key === 'ArrowUp' && text === '') {
      const last = readHistory(keep, bot.id)[0]
      if (last) {
        event.preventDefault()
        setText(last.text)
      }
      return
    }
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.nativeEvent.isComposing) return
    if (byControl && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    send()
  }

  return (
    <form className="composer" onSubmit={onSubmit} aria-label={`Write to ${bot.name}`}>
      <div id="composer-notice" className="composer-notice">{notice}</div>
      {suggestions.length > 0 && <SuggestionList suggestions={suggestions} active={active} onChoose={choose} />}
      <div className="composer-box">
        <label className="visually-hidden" htmlFor="composer-text">Message {bot.name}</label>
        <textarea
          id="composer-text" ref={field} rows={1} value={text} placeholder={`Message ${bot.name}`}
          aria-describedby="composer-notice composer-keys" enterKeyHint="send" autoComplete="off"
          aria-autocomplete="list" aria-controls={suggestions.length > 0 ? 'suggestions' : undefined}
          aria-activedescendant={suggestions.length > 0 ? `suggestion-${active}` : undefined}
          onChange={event => setText(event.target.value)} onKeyDown={onKeyDown}
        />
        <div className="composer-actions">
          {onCancel && (
            <button type="button" className="stop" aria-label="Stop the reply" title="Stop the reply (Esc)" onClick={onCancel}>
              <Icon name="stop" /><span className="stop-text">Stop</span>
            </button>
          )}
          <button
            type="submit" className="primary send" aria-label="Send" title="Send (Enter)"
            aria-disabled={text.trim() === '' || !canSend}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
      <p id="composer-keys" className="composer-keys">
        {byControl
          ? <><kbd>Ctrl</kbd> or <kbd>⌘</kbd>+<kbd>Enter</kbd> sends, <kbd>Enter</kbd> begins a new line</>
          : <><kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> begins a new line</>}
        {onCancel && <>, <kbd>Esc</kbd> stops the reply</>}
      </p>
    </form>
  )
}
