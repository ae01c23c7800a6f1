import { useCallback, useSyncExternalStore } from 'react'

/** The time, to the step it is told in; told again at each step while it matters. */
export const useNow = (everyMs: number, matters: boolean): number => {
  const subscribe = useCallback((listener: () => void) => {
    const timer = matters ? setInterval(listener, everyMs) : undefined
    return () => clearInterval(timer)
  }, [everyMs, matters])
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / everyMs) * everyMs)
}

/** Whole seconds until a time, at least one. */
export const secondsUntil = (at: number, now: number) => Math.max(1, Math.ceil((at - now) / 1_000))
