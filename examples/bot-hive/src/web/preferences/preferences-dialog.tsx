import { useRef, useSyncExternalStore } from 'react'
import { usePage } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { choices, type Preferences } from './preferences.ts'
import './preferences.css'

const titles: Record<keyof Preferences, string> = {
  theme: 'Theme', font: 'Font', size: 'Size of type', density: 'Density', send: 'A message is sent by',
}
const words: Record<Preferences[keyof Preferences], string> = {
  system: 'As the system', light: 'Light', dark: 'Dark',
  sans: 'Sans', legible: 'Legible', serif: 'Serif', mono: 'Mono',
  small: 'Small', medium: 'Medium', large: 'Large', largest: 'Largest',
  comfortable: 'Comfortable', compact: 'Compact', enter: 'Enter', 'ctrl-enter': 'Ctrl or ⌘ and Enter',
}
const names = Object.keys(choices) as (keyof Preferences)[]

/** The preferences as they are, told again when they change. */
export const usePreferences = () => {
  const { preferences } = usePage()
  return useSyncExternalStore(preferences.subscribe, preferences.get)
}

/** A way to change how the page looks. Each choice holds at once and is kept; there is nothing to save. */
export const PreferencesDialog = () => {
  const { preferences: store } = usePage()
  const preferences = usePreferences()
  const dialog = useRef<HTMLDialogElement>(null)
  return (
    <>
      <button
        type="button" className="quiet icon-only preferences-open" aria-label="Preferences" title="Preferences"
        onClick={() => dialog.current?.showModal()}
      >
        <Icon name="sliders" />
      </button>
      <dialog ref={dialog} className="dialog preferences" aria-labelledby="preferences-title">
        <h2 id="preferences-title">Preferences</h2>
        <p className="hint">Kept in this browser.</p>
        {names.map(name => (
          <fieldset key={name}>
            <legend>{titles[name]}</legend>
            {choices[name].toSorted((a, b) => order.indexOf(a) - order.indexOf(b)).map(choice => (
              <label key={choice}>
                <input
                  type="radio" name={`preference-${name}`} value={choice} checked={preferences[name] === choice}
                  onChange={() => store.change({ [name]: choice })}
                />
                <Icon name="check" className="tick" />{words[choice]}
              </label>
            ))}
          </fieldset>
        ))}
        <div className="dialog-actions">
          <button type="button" className="primary" onClick={() => dialog.current?.close()}>Done</button>
        </div>
      </dialog>
    </>
  )
}

/** The order in which choices are shown, where it is not that of `choices`. */
const order: readonly string[] = Object.keys(words)
