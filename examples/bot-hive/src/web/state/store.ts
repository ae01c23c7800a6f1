import type { Action } from './action.ts'
import { reduce } from './reduce.ts'
import { emptyView, type View } from './view.ts'

export interface Store {
  readonly getView: () => View
  /** Changes the view. Deltas are shown once a frame; anything else at once. */
  readonly dispatch: (action: Action) => void
  /** Calls back when the view changed. */
  readonly subscribe: (listener: () => void) => () => void
  /** Calls back on each action, with the view before and after. */
  readonly onAction: (listener: (action: Action, before: View, after: View) => void) => () => void
}

const isDelta = (action: Action) => action.type === 'event' && action.event.type === 'delta'

/** Holds the one view of the page. `nextFrame` waits for the next picture, or soon when none is drawn. */
export const createStore = (nextFrame: (run: () => void) => void, initial: View = emptyView): Store => {
  let view = initial
  let scheduled = false
  const listeners = new Set<() => void>()
  const watchers = new Set<(action: Action, before: View, after: View) => void>()

  const tell = () => {
    scheduled = false
    for (const listener of listeners) listener()
  }

  return {
    getView: () => view,
    dispatch: action => {
      const before = view
      view = reduce(view, action)
      for (const watcher of watchers) watcher(action, before, view)
      if (view === before) return
      if (!isDelta(action)) tell()
      else if (!scheduled) {
        scheduled = true
        nextFrame(tell)
      }
    },
    subscribe: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onAction: watcher => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
  }
}
