/** A map that forgets what was not used for longest. */
export interface Lru<V> {
  /** The value of a key, which is now the most recently used; undefined when it has none. */
  readonly get: (key: string) => V | undefined
  /** Sets the value of a key; the least recently used one goes if there are too many. */
  readonly set: (key: string, value: V) => void
  /** All keys and values, the least recently used first. */
  readonly entries: () => IterableIterator<[string, V]>
  /** How many there are. */
  readonly size: () => number
}

/** Makes an LRU on a Map, which keeps the order of insertion. */
export const createLru = <V>(maxEntries: number, onEvict?: (value: V) => void): Lru<V> => {
  const map = new Map<string, V>()
  return {
    get: key => {
      const value = map.get(key)
      if (value === undefined || map.size === 1) return value
      map.delete(key)
      map.set(key, value)
      return value
    },
    set: (key, value) => {
      map.delete(key)
      map.set(key, value)
      if (map.size <= maxEntries) return
      const [oldest, evicted] = map.entries().next().value!
      map.delete(oldest)
      onEvict?.(evicted)
    },
    entries: () => map.entries(),
    size: () => map.size,
  }
}
