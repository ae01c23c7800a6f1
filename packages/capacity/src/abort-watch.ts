/** Calls back when a signal aborts. However many callbacks wait on one signal, it carries one listener. */
export interface AbortWatch {
  /** Watches; the answer stops watching. */
  add(signal: AbortSignal, callback: () => void): () => void
}

export const createAbortWatch = (): AbortWatch => {
  // Node searches all listeners of a signal to remove one, so a listener a task would make many tasks O(n²).
  const watched = new Map<AbortSignal, { readonly callbacks: Set<() => void>; readonly listener: () => void }>()
  return {
    add: (signal, callback) => {
      let entry = watched.get(signal)
      if (!entry) {
        const callbacks = new Set<() => void>()
        const listener = (): void => {
          watched.delete(signal)
          for (const each of callbacks) each()
        }
        entry = { callbacks, listener }
        watched.set(signal, entry)
        signal.addEventListener('abort', listener, { once: true })
      }
      const { callbacks, listener } = entry
      callbacks.add(callback)
      return () => {
        if (!callbacks.delete(callback) || callbacks.size > 0 || watched.get(signal)?.listener !== listener) return
        watched.delete(signal)
        signal.removeEventListener('abort', listener)
      }
    },
  }
}
