import type { Preferences } from './preferences.ts'

/** Puts the preferences where the style sheet finds them. */
export const applyPreferences = ({ theme, font, size, density }: Preferences) => {
  Object.assign(document.documentElement.dataset, { theme, font, size, density })
}
