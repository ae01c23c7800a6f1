/** Says things to people who listen to the page instead of looking at it. */
export interface Announcer {
  readonly say: (text: string) => void
  readonly getText: () => string
  readonly subscribe: (listener: () => void) => () => void
}

/** What is said together is read together; each text replaces the one before after it had time to be read. */
export const createAnnouncer = (later: (run: () => void, delayMs: number) => void): Announcer => {
  let text = ''
  let waiting: string[] = []
  const listeners = new Set<() => void>()
  const show = (next: string) => {
    text = next
    for (const listener of listeners) listener()
  }
  return {
    say: next => {
      if (waiting.push(next) > 1) return
      later(() => {
        const said = waiting.join(' ')
        waiting = []
        show(said === text ? `${said}\u00a0` : said)
      }, 150)
    },
    getText: () => text,
    subscribe: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
