/** Calls `act` for a key at once, then at most every `everyMs` while it goes on being asked for; the last time asked is always acted on. */
export const coalesce = (everyMs: number, act: (key: string) => void): ((key: string) => void) => {
  const again = new Map<string, boolean>()
  const run = (key: string) => {
    again.set(key, false)
    act(key)
    setTimeout(() => (again.get(key) ? run(key) : again.delete(key)), everyMs).unref()
  }
  return key => (again.has(key) ? again.set(key, true) : run(key))
}
