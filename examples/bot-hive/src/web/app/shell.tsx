import { useEffect, type MouseEvent } from 'react'
import { StatusRegion } from '../announce/status-region.tsx'
import { BotList } from '../bots/bot-list.tsx'
import { BotPanel } from '../bots/bot-panel.tsx'
import { ConnectionBanner, ConnectionState } from '../connection/connection-state.tsx'
import { SignIn } from '../connection/sign-in.tsx'
import { ConversationView } from '../conversation/conversation-view.tsx'
import { StartView } from '../conversation/start-view.tsx'
import { Icon } from '../design/icon.tsx'
import { PreferencesDialog } from '../preferences/preferences-dialog.tsx'
import { SessionList } from '../sessions/session-list.tsx'
import { useHive, usePage, useView } from './context.ts'
import { go } from './go.ts'
import { NothingOpen } from './nothing-open.tsx'
import { hrefOf } from './place.ts'
import { useArrival } from './use-arrival.ts'
import { usePageTitle } from './use-page-title.ts'
import './shell.css'

const skip = (event: MouseEvent) => {
  event.preventDefault()
  document.getElementById('place-title')?.focus()
}

/** The page: bots, the sessions of one, one conversation. Side by side where there is room, else one at a time. */
export const Shell = () => {
  const hive = useHive()
  const { store } = usePage()
  const signedOut = useView(view => view.signedOut)
  const place = useView(view => view.place)
  const bot = useView(view => (view.place.botId ? view.bots[view.place.botId] : undefined))
  const { botId, sessionId, fresh } = place
  useArrival(place)
  usePageTitle()

  useEffect(() => {
    if (botId && !signedOut) void hive.readSessions(botId)
  }, [hive, botId, signedOut])
  useEffect(() => {
    if (sessionId && !signedOut) void hive.readConversation(sessionId)
  }, [hive, sessionId, signedOut])

  if (signedOut) return <><SignIn /><StatusRegion /></>

  const onDeleted = () => {
    if (!bot) return
    const next = store.getView().sessionLists[bot.id]?.ids[0]
    const narrow = matchMedia('(max-width: 767px)').matches
    go(next && !narrow ? { botId: bot.id, sessionId: next } : { botId: bot.id })
  }
  const depth = sessionId || fresh ? 'session' : botId ? 'bot' : 'hive'
  return (
    <div className="shell">
      <a className="skip" href="#place-title" onClick={skip}>Skip to the conversation</a>
      <ConnectionBanner />
      <div className="panes" data-depth={depth}>
        <header className="bar">
          {botId && <a className="button quiet small back-to-bots" href={hrefOf({})}><Icon name="back" />Bots</a>}
          <a className="brand" href={hrefOf({})}>
            <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
              <path d="M16 2.6 27.6 9.3v13.4L16 29.4 4.4 22.7V9.3zM10.5 13.5h11M10.5 18.5h7" />
            </svg>
            Bot hive
          </a>
          <PreferencesDialog />
          <ConnectionState />
        </header>
        <main>
          <h1 className="visually-hidden">Bot hive</h1>
          <BotList />
          {bot && (
            <section className="bot-pane" aria-labelledby="bot-title">
              <BotPanel bot={bot} />
              <SessionList bot={bot} />
            </section>
          )}
          <section className="place" aria-labelledby="place-title">
            {bot && sessionId && <ConversationView key={sessionId} bot={bot} sessionId={sessionId} onDeleted={onDeleted} />}
            {bot && !sessionId && <StartView key={bot.id} bot={bot} />}
            {!bot && <NothingOpen botId={botId} />}
          </section>
        </main>
      </div>
      <StatusRegion />
    </div>
  )
}
