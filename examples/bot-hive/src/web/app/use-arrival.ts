import { useEffect, useRef } from 'react'
import type { Place } from '../state/view.ts'

/** Puts the focus where a person goes on: the field to write in, or the title where a keyboard would cover the page. */
const focusPlace = () => {
  const canType = matchMedia('(pointer: fine)').matches
  const target = (canType && document.getElementById('composer-text')) || document.getElementById('place-title')
  target?.focus({ preventScroll: true })
}

/** Takes the focus along when the place changes: into what was opened, or back to where one came from. */
export const useArrival = (place: Place) => {
  const arrived = useRef(place)
  useEffect(() => {
    const before = arrived.current
    arrived.current = place
    if (before === place) return
    if (place.sessionId || place.fresh) return focusPlace()
    const backTo = (before.sessionId && document.getElementById(`session-${before.sessionId}`))
      || (before.fresh && document.getElementById('new-session'))
    if (backTo && place.botId === before.botId) backTo.focus()
    else document.getElementById(place.botId ? 'bot-title' : 'bots-title')?.focus()
  }, [place])
}
