import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Keep } from '../state/keep.ts'
import type { Store } from '../state/store.ts'
import type { View } from '../state/view.ts'
import type { PreferenceStore } from '../preferences/preferences.ts'
import type { Announcer } from '../announce/announcer.ts'
import type { Hive } from './hive.ts'

/** What every part of the page may use. */
export interface Page {
  readonly store: Store
  readonly hive: Hive
  readonly announcer: Announcer
  readonly preferences: PreferenceStore
  /** Outlives the page: drafts. */
  readonly keep: Keep
}

export const PageContext = createContext<Page | undefined>(undefined)

export const usePage = (): Page => {
  const page = useContext(PageContext)
  if (!page) throw new TypeError('Expected a PageContext around this component.')
  return page
}

export const useHive = (): Hive => usePage().hive

/** Reads a part of the view. `select` gives something that is in the view, not something made for the occasion. */
export const useView = <T>(select: (view: View) => T): T => {
  const { store } = usePage()
  return useSyncExternalStore(store.subscribe, () => select(store.getView()))
}
