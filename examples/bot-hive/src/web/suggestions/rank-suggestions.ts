import type { BotCommand } from '../../hive/model.ts'
import { fuzzyMatch } from './fuzzy-match.ts'

/** Something a person sent to a bot before. */
export interface Sent {
  readonly text: string
  /** How often. */
  readonly times: number
  /** When last (epoch ms). */
  readonly lastAt: number
}

/** One thing to complete what is being typed to. */
export interface Suggestion {
  /** What would be in the field. */
  readonly text: string
  readonly description: string
  /** Why it is there. */
  readonly why: string
  /** The letters of `text` that were typed. */
  readonly letters: readonly number[]
  readonly score: number
}

export interface RankOptions {
  /** What is typed, from its slash on. */
  readonly query: string
  readonly commands: readonly BotCommand[]
  /** What was sent to this bot before. */
  readonly history: readonly Sent[]
  /** The end of the last reply. A command that it names is likely meant. */
  readonly lastReply?: string
  readonly now: number
  /** Default: 8. */
  readonly limit?: number
}

/** The habit of a thing, after zoxide: how often, weighed by how lately. */
const habit = ({ times, lastAt }: Sent, now: number) => {
  const hours = (now - lastAt) / 3_600_000
  const weight = hours < 1 ? 4 : hours < 24 ? 2 : hours < 168 ? 0.5 : 0.25
  return 10 * Math.log2(1 + times * weight)
}

const commandOf = (text: string) => /^\/\S+/.exec(text)?.[0] ?? ''

/**
 * Ranks what a person may mean: the bot's commands and what was sent to it before, in one list, best first.
 * How well it matches leads; habit and the last reply decide between what matches alike.
 */
export const rankSuggestions = ({ query, commands, history, lastReply = '', now, limit = 8 }: RankOptions): readonly Suggestion[] => {
  const habits = new Map<string, number>()
  for (const sent of history) {
    const command = commandOf(sent.text)
    if (command) habits.set(command, (habits.get(command) ?? 0) + habit(sent, now))
  }

  const found: Suggestion[] = []
  for (const { name, description, hint } of commands) {
    const text = `/${name}`
    const match = fuzzyMatch(query.slice(1), name)
    if (!match) continue
    const used = habits.get(text) ?? 0
    const named = lastReply.includes(text)
    found.push({
      text: hint ? `${text} ` : text,
      description: hint ? `${description} Then: ${hint}` : description,
      why: named ? 'named in the last reply' : used > 0 ? 'used before' : 'command',
      letters: match.letters.map(at => at + 1),
      score: match.score + used + (named ? 15 : 0),
    })
  }
  for (const sent of history) {
    if (!sent.text.startsWith('/') || sent.text === commandOf(sent.text)) continue
    const match = fuzzyMatch(query.slice(1), sent.text.slice(1))
    if (!match) continue
    found.push({
      text: sent.text,
      description: sent.times > 1 ? `Sent ${sent.times} times` : 'Sent once',
      why: 'sent before',
      letters: match.letters.map(at => at + 1),
      score: match.score + habit(sent, now),
    })
  }
  return found.toSorted((a, b) => b.score - a.score || (a.text < b.text ? -1 : 1)).slice(0, limit)
}
