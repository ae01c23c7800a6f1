import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createAnnouncer } from './announce/announcer.ts'
import { boundaryOf } from './announce/boundaries.ts'
import { PageContext } from './app/context.ts'
import { createHive } from './app/hive.ts'
import { readPlace } from './app/place.ts'
import { Shell } from './app/shell.tsx'
import { preloadMarkdown } from './conversation/text.tsx'
import { applyPreferences } from './preferences/apply-preferences.ts'
import { createPreferenceStore } from './preferences/preferences.ts'
import { createKeep } from './state/keep.ts'
import { createStore } from './state/store.ts'
import './design/tokens.css'
import './design/base.css'

/** A page that is not seen draws no frames, and still has to keep up. */
const nextFrame = (run: () => void) => void (document.hidden ? setTimeout(run, 250) : requestAnimationFrame(run))

const store = createStore(nextFrame)
const keep = createKeep(() => localStorage)
const preferences = createPreferenceStore(keep, applyPreferences)
const hive = createHive(store, keep)
const announcer = createAnnouncer((run, delayMs) => void setTimeout(run, delayMs))

store.onAction((action, before, after) => {
  const text = boundaryOf(action, before, after)
  if (text) announcer.say(text)
})
const onPlace = () => store.dispatch({ type: 'place', place: readPlace(location.hash) })
const onVisible = () => store.dispatch({ type: 'visible', visible: !document.hidden })
addEventListener('hashchange', onPlace)
document.addEventListener('visibilitychange', onVisible)
addEventListener('online', hive.retryNow)
addEventListener('storage', preferences.reload)
onPlace()
onVisible()
preloadMarkdown()
hive.start()

const root = document.getElementById('root')
if (!root) throw new Error('The page has no #root.')
createRoot(root).render(
  <StrictMode>
    <PageContext value={{ store, hive, keep, announcer, preferences }}>
      <Shell />
    </PageContext>
  </StrictMode>,
)
