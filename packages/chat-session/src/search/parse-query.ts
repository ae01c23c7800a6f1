import type { MessageRole } from '../message.ts'
import { phraseOf, type Phrase } from './tokenize.ts'

/** A query, understood. */
export interface ParsedQuery {
  /** All of these must be there. */
  readonly wanted: readonly Phrase[]
  /** None of these may be there. */
  readonly unwanted: readonly Phrase[]
  /** Any of these roles; none given is all. */
  readonly roles: readonly MessageRole[]
  /** Any of these bots; none given is all. */
  readonly bots: readonly string[]
  /** At this time or later, in epoch milliseconds. */
  readonly from: number
  /** Before this time, in epoch milliseconds. */
  readonly until: number
  /** Whether it must, or must not, have an attachment. */
  readonly attachment: boolean | null
}

/** One thing asked for: perhaps a minus, perhaps a filter's name, then a quotation or a run without spaces. */
const terms = /(?<minus>-?)(?:(?<field>[a-z]+):)?(?:"(?<quoted>[^"]*)(?:"(?<star>\*?)|$)|(?<bare>\S+))/giu

const roles: Readonly<Record<string, MessageRole>> = { user: 'user', me: 'user', bot: 'bot', assistant: 'bot', system: 'system' }

/**
 * Reads a query. Every string is one: what is not understood as a filter is looked for as words.
 *
 * `word`, `"a phrase"`, `begin*`, `-without`, `role:user`, `bot:keeper`, `before:2026-11-24`, `after:2026-11`,
 * `on:2026`, `has:attachment`; dates are in UTC, `after` includes its date and `before` does not.
 */
export const parseQuery = (query: string): ParsedQuery => {
  const wanted: Phrase[] = []
  const unwanted: Phrase[] = []
  const wantedRoles: MessageRole[] = []
  const bots: string[] = []
  let from = -Infinity
  let until = Infinity
  let attachment: boolean | null = null

  /** True when it was a filter. */
  const filter = (field: string, value: string, minus: boolean): boolean => {
    const role = roles[value.toLowerCase()]
    const span = spanOf(value)
    if (field === 'role' && role && Object.hasOwn(roles, value.toLowerCase())) {
      if (minus) wantedRoles.push(...Object.values(roles).filter(r => r !== role))
      else wantedRoles.push(role)
    } else if (field === 'bot' && value !== '' && !minus) bots.push(value)
    else if (field === 'has' && /^(attachments?|files?)$/i.test(value)) attachment = !minus
    else if (field === 'after' && span && !minus) from = Math.max(from, span.from)
    else if (field === 'before' && span && !minus) until = Math.min(until, span.from)
    else if (field === 'on' && span && !minus) {
      from = Math.max(from, span.from)
      until = Math.min(until, span.until)
    } else return false
    return true
  }

  for (const { groups = {} } of query.matchAll(terms)) {
    const { minus = '', field, quoted, star, bare = '' } = groups
    const value = quoted ?? bare
    if (field !== undefined && filter(field.toLowerCase(), value, minus !== '')) continue
    const text = field === undefined ? value : `${field} ${value}`
    const phrase = phraseOf(text, quoted === undefined ? bare.endsWith('*') : star === '*')
    if (phrase) (minus === '' ? wanted : unwanted).push(phrase)
  }
  return { wanted, unwanted, roles: [...new Set(wantedRoles)], bots, from, until, attachment }
}

/** The time that a year, a month or a day takes, in UTC. */
const spanOf = (value: string): { readonly from: number, readonly until: number } | undefined => {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(value) ?? []
  if (year === undefined) return undefined
  const [y, m, d] = [Number(year), month === undefined ? undefined : Number(month) - 1, day === undefined ? undefined : Number(day)]
  const at = (years: number, months: number, days: number) => {
    const date = new Date(0)
    date.setUTCFullYear(years, months, days)
    return date.getTime()
  }
  const from = at(y, m ?? 0, d ?? 1)
  const began = new Date(from)
  // The 31st of February is no date: it would quietly be a day of March.
  if ((m !== undefined && began.getUTCMonth() !== m) || (d !== undefined && began.getUTCDate() !== d)) return undefined
  return { from, until: m === undefined ? at(y + 1, 0, 1) : d === undefined ? at(y, m + 1, 1) : at(y, m, d + 1) }
}
