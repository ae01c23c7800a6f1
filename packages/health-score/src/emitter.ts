/** A list of listeners. One that throws is reported as a process warning and disturbs neither the others nor the sender. */
export interface Emitter<E> {
  /** Adds a listener; the returned function removes it. */
  readonly on: (listener: (event: E) => void) => () => void
  /** Calls every listener, in the order they came. */
  readonly emit: (event: E) => void
}

export const createEmitter = <E>(): Emitter<E> => {
  const listeners = new Set<{ readonly listener: (event: E) => void }>()
  return {
    on: listener => {
      const entry = { listener }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    emit: event => {
      for (const { listener } of listeners) {
        try {
          listener(event)
        } catch (error) {
          process.emitWarning(error instanceof Error ? error : new Error(String(error)))
        }
      }
    },
  }
}
