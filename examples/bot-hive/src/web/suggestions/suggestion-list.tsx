import { useEffect, useRef } from 'react'
import type { Suggestion } from './rank-suggestions.ts'
import './suggestions.css'

const Highlighted = ({ text, letters }: { readonly text: string; readonly letters: readonly number[] }) => {
  const meant = new Set(letters)
  // oxlint-disable-next-line react/no-array-index-key -- a letter is its place
  return Array.from(text, (letter, i) => (meant.has(i) ? <b key={i}>{letter}</b> : letter))
}

export interface SuggestionListProps {
  readonly suggestions: readonly Suggestion[]
  readonly active: number
  readonly onChoose: (suggestion: Suggestion) => void
}

/** What could be meant. The focus stays in the field, which says by `aria-activedescendant` what is marked here. */
export const SuggestionList = ({ suggestions, active, onChoose }: SuggestionListProps) => {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' })
  }, [active])
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a <datalist> cannot say why, nor be ranked
    <div ref={list} id="suggestions" className="suggestions" role="listbox" aria-label="Suggestions">
      {suggestions.map((suggestion, i) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- keys are heard by the field
        <div
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <option> holds nothing but text
          key={suggestion.text} id={`suggestion-${i}`} role="option" aria-selected={i === active} tabIndex={-1}
          onPointerDown={event => event.preventDefault()} onClick={() => onChoose(suggestion)}
        >
          <code><Highlighted text={suggestion.text} letters={suggestion.letters} /></code>
          <span className="suggestion-about">{suggestion.description}</span>
          <span className="suggestion-why">{suggestion.why}</span>
        </div>
      ))}
    </div>
  )
}
