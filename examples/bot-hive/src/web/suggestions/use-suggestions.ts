import { useMemo, useState, type KeyboardEvent } from 'react'
import { usePage } from '../app/context.ts'
import { useNow } from '../design/use-now.ts'
import type { Bot } from '../state/view.ts'
import { rankSuggestions, type Suggestion } from './rank-suggestions.ts'
import { readHistory } from './sent-history.ts'

export interface UseSuggestionsOptions {
  readonly bot: Bot
  readonly text: string
  readonly setText: (text: string) => void
  readonly lastReply: string
}

const none: readonly Suggestion[] = []
const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 }

/** The suggestions for what is being typed, and the keys that move among them. */
export const useSuggestions = ({ bot, text, setText, lastReply }: UseSuggestionsOptions) => {
  const { keep } = usePage()
  const now = useNow(60_000, false)
  const [chosenFor, setChosenFor] = useState({ text: '', active: 0, closed: false })
  // What was marked is forgotten as soon as something else is typed.
  const { active, closed } = chosenFor.text === text ? chosenFor : { active: 0, closed: false }
  const open = text.startsWith('/') && !text.includes('\n') && !closed
  const suggestions = useMemo(() => {
    if (!open) return none
    const ranked = rankSuggestions({ query: text, commands: bot.commands, history: readHistory(keep, bot.id), lastReply, now })
    return ranked.length === 1 && ranked[0]?.text.trimEnd() === text.trimEnd() ? none : ranked
  }, [open, text, bot.commands, bot.id, keep, lastReply, now])

  const choose = (suggestion: Suggestion) => {
    setText(suggestion.text)
    setChosenFor({ text: suggestion.text, active: 0, closed: true })
  }
  const move = (to: number) => {
    setChosenFor({ text, active: Math.min(suggestions.length - 1, Math.max(0, to)), closed: false })
  }

  /** Whether the key was meant for the suggestions. */
  const onKey = (event: KeyboardEvent): boolean => {
    const marked = suggestions[active]
    if (!marked || event.nativeEvent.isComposing) return false
    const step = steps[event.key]
    if (step === 1 || step === -1) move((active + step + suggestions.length) % suggestions.length)
    else if (step !== undefined) move(active + step)
    else if (event.key === 'Tab' && !event.shiftKey) choose(marked)
    // Enter takes what is marked, unless it is what is already there: then it is sent.
    else if (event.key === 'Enter' && !event.shiftKey && marked.text.trimEnd() !== text.trimEnd()) choose(marked)
    else if (event.key === 'Escape') setChosenFor({ text, active: 0, closed: true })
    else return false
    event.preventDefault()
    event.stopPropagation()
    return true
  }
  return { suggestions, active, choose, onKey }
}
