import { useEffect, useRef, type MouseEvent } from 'react'
import { StatusRegion } from '../announce/status-region.tsx'
import { BotList } from '../bots/bot-list.tsx'
import { BotPanel } from '../bots/bot-panel.tsx'
import { ConnectionState } from '../connection/connection-state.tsx'
import { SignIn } from '../connection/sign-in.tsx'
import { ConversationView } from '../conversation/conversation-view.tsx'
import { StartView } from '../conversation/start-view.tsx'
import { Icon } from '../design/icon.tsx'
import { SessionList } from '../sessions/session-list.tsx'
import { useHive, usePage, useView } from './context.ts'
import { go } from './go.ts'
import { hrefOf } from './place.ts'
import './shell.css'

const cell = 'M16 2.6 27.6 9.3v13.4L16 29.4 4.4 22.7V9.3z'

/** Three cells, for when there is nothing else to see. */
const Comb = () => (
  <svg className="comb" viewBox="0 0 64 60" aria-hidden="true" focusable="false">
    <path d={cell} transform="translate(16.4 0)" />
    <path d={cell} transform="translate(4 21.2)" />
    <path d={cell} transform="translate(28.8 21.2)" />
  </svg>
)

/** Puts the focus where a person goes on: the field to write in, or the title where a keyboard would cover the page. */
const focusPlace = () => {
  const canType = matchMedia('(pointer: fine)').matches
  const target = (canType && document.getElementById('composer-text')) || document.getElementById('place-title')
  target?.focus({ preventScroll: true })
}

/** The page: bots, the sessions of one, one conversation. Side by side where there is room, else one at a time. */
export const Shell = () => {
  const hive = useHive()
  const { store } = usePage()
  const signedOut = useView(view => view.signedOut)
  const place = useView(view => view.place)
  const bot = useView(view => (view.place.botId ? view.bots[view.place.botId] : undefined))
  const botsRead = useView(view => view.botList.state === 'ready')
  const { botId, sessionId, fresh } = place
  const arrived = useRef(place)

  useEffect(() => {
    if (botId && !signedOut) void hive.readSessions(botId)
  }, [hive, botId, signedOut])
  useEffect(() => {
    if (sessionId && !signedOut) void hive.readConversation(sessionId)
  }, [hive, sessionId, signedOut])

  useEffect(() => {
    const before = arrived.current
    arrived.current = place
    if (before === place) return
    if (place.sessionId || place.fresh) focusPlace()
    else if (before.sessionId) document.getElementById(`session-${before.sessionId}`)?.focus()
    else if (place.botId !== before.botId) document.getElementById(place.botId ? 'bot-title' : 'bots-title')?.focus()
  }, [place])

  if (signedOut) return <><SignIn /><StatusRegion /></>

  const onDeleted = () => {
    if (!bot) return
    const next = store.getView().sessionLists[bot.id]?.ids[0]
    const narrow = matchMedia('(max-width: 767px)').matches
    go(next && !narrow ? { botId: bot.id, sessionId: next } : { botId: bot.id })
  }
  const skip = (event: MouseEvent) => {
    event.preventDefault()
    document.getElementById('place-title')?.focus()
  }
  const depth = sessionId || fresh ? 'session' : botId ? 'bot' : 'hive'
  return (
    <div className="shell" data-depth={depth}>
      <a className="skip" href="#place-title" onClick={skip}>
        Skip to the conversation
      </a>
      <header className="bar">
        {bot && <a className="button quiet small back-to-bots" href={hrefOf({})}><Icon name="back" />Bots</a>}
        <a className="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d={`${cell}M10.5 13.5h11M10.5 18.5h7`} /></svg>
          Bot hive
        </a>
        <ConnectionState />
      </header>
      <BotList />
      {bot && (
        <section className="bot-pane" aria-labelledby="bot-title">
          <BotPanel bot={bot} />
          <SessionList bot={bot} />
        </section>
      )}
      <main className="place" aria-labelledby="place-title">
        {bot && sessionId && <ConversationView key={sessionId} bot={bot} sessionId={sessionId} onDeleted={onDeleted} />}
        {bot && !sessionId && <StartView key={bot.id} bot={bot} />}
        {!bot && (
          <div className="start">
            <Comb />
            <h1 id="place-title" className="start-name" tabIndex={-1}>
              {botId && botsRead ? `There is no bot “${botId}”` : 'Choose a bot'}
            </h1>
            <p className="start-about">Its sessions and what you said to each other are kept here.</p>
          </div>
        )}
      </main>
      <StatusRegion />
    </div>
  )
}
