/** Keeps small things in the browser. Storage may be full, forbidden or damaged: then there is nothing kept. */
export interface Keep {
  readonly get: (key: string) => unknown
  readonly set: (key: string, value: unknown) => void
  readonly remove: (key: string) => void
}

const prefix = 'hive:'

export const createKeep = (storage: () => Storage): Keep => ({
  get: key => {
    try {
      const text = storage().getItem(prefix + key)
      return text === null ? undefined : (JSON.parse(text) as unknown)
    } catch {
      return undefined
    }
  },
  set: (key, value) => {
    try {
      storage().setItem(prefix + key, JSON.stringify(value))
    } catch {
      // Kept in memory only, then.
    }
  },
  remove: key => {
    try {
      storage().removeItem(prefix + key)
    } catch {
      // It could not have been kept.
    }
  },
})
