import type { Keep } from '../state/keep.ts'

/** How a person likes the page. Every field has a small set of values, the first of which is the default. */
export const choices = {
  theme: ['system', 'light', 'dark'],
  font: ['sans', 'legible', 'serif', 'mono'],
  size: ['medium', 'small', 'large', 'largest'],
  density: ['comfortable', 'compact'],
  send: ['enter', 'ctrl-enter'],
} as const

type Choices = typeof choices
export type Preferences = { readonly [K in keyof Choices]: Choices[K][number] }

const pick = <T extends string>(allowed: readonly [T, ...T[]], value: unknown): T =>
  allowed.find(choice => choice === value) ?? allowed[0]

/** Reads what was kept or imported: what is missing or damaged is the default, and is told. */
export const readPreferences = (value: unknown): { readonly preferences: Preferences; readonly damaged: readonly string[] } => {
  const given: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const preferences: Preferences = {
    theme: pick(choices.theme, given['theme']),
    font: pick(choices.font, given['font']),
    size: pick(choices.size, given['size']),
    density: pick(choices.density, given['density']),
    send: pick(choices.send, given['send']),
  }
  const names = Object.keys(choices) as (keyof Choices)[]
  const damaged = names.filter(name => given[name] !== undefined && given[name] !== preferences[name])
  return { preferences, damaged: value === undefined || typeof value === 'object' ? damaged : names }
}

/** The preferences of this browser, in all its tabs. */
export interface PreferenceStore {
  readonly get: () => Preferences
  /** Changes some of them: applied at once, and kept. */
  readonly change: (some: Partial<Preferences>) => void
  /** Another tab may have changed them: reads them again. */
  readonly reload: () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** `apply` puts them into effect; it is called once at the start and at each change. */
export const createPreferenceStore = (keep: Keep, apply: (preferences: Preferences) => void): PreferenceStore => {
  let { preferences } = readPreferences(keep.get('preferences'))
  const listeners = new Set<() => void>()
  const set = (next: Preferences) => {
    preferences = next
    apply(next)
    for (const listener of listeners) listener()
  }
  apply(preferences)
  return {
    get: () => preferences,
    change: some => {
      set({ ...preferences, ...some })
      keep.set('preferences', preferences)
    },
    reload: () => set(readPreferences(keep.get('preferences')).preferences),
    subscribe: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
