import type { ParsedQuery } from './parse-query.ts'
import type { Phrase } from './tokenize.ts'

/** What to look for in a text of {@link indexText}: each token has one space on either side. */
const needleOf = ({ tokens, prefix }: Phrase): string => ` ${tokens.join(' ')}${prefix ? '' : ' '}`

const count = (text: string, needle: string): number => {
  let found = 0
  // The space after one word is the space before the next.
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length - 1)) found++
  return found
}

/** Tests texts against a query's words. */
export interface Matcher {
  /** Whether the words wanted are there, and the unwanted not. */
  matches(indexed: string): boolean
  /**
   * How much of a text is about the words: BM25's term part (k1 1.2, b 0.75), for a text of usual length 400, each word
   * weighing the same. All the candidates hold all the words, and how rare a word is among other bots' messages is
   * none of this scope's business.
   */
  score(indexed: string): number
}

/** Prepares a query's words. */
export const createMatcher = ({ wanted, unwanted }: Pick<ParsedQuery, 'wanted' | 'unwanted'>): Matcher => {
  const needles = wanted.map(needleOf)
  const excluded = unwanted.map(needleOf)
  return {
    matches: indexed => needles.every(n => indexed.includes(n)) && !excluded.some(n => indexed.includes(n)),
    score(indexed) {
      const length = 1.2 * (0.25 + 0.75 * (indexed.length / 400))
      let score = 0
      for (const needle of needles) {
        const times = count(indexed, needle)
        score += (times * 2.2) / (times + length)
      }
      return score
    },
  }
}
