import { fold } from './fold.ts'

/*
 * The words of a text, as the index holds them. A word is a run of letters, digits and their marks. Scripts that put
 * no spaces between words have no such runs to go by: there each character makes a token with the next of its kind, and
 * the last one before a word a token alone, so that any stretch of a sentence can be found, be it one character long.
 * A symbol such as an emoji is a token by itself.
 */

/** Changes whenever the tokens of some text do; the index is then made anew. */
export const tokenizerVersion = `1/${process.versions.unicode}`

/** Longer runs are not words; they are cut, so that one paste of base64 does not bloat the index. */
const maxTokenLength = 64

const unsegmented = '\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Hangul}\\p{sc=Bopomofo}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}\\p{sc=Tibetan}々〆ー'
const pieces = new RegExp(`[${unsegmented}]+|(?:(?![${unsegmented}])[\\p{L}\\p{N}\\p{M}])+|\\p{So}|\\p{Extended_Pictographic}`, 'gu')
const isUnsegmented = new RegExp(`^[${unsegmented}]`, 'u')
const nonAscii = /[^\0-\x7f]/
const longRun = new RegExp(`[a-z0-9]{${maxTokenLength + 1}}`)

/** One stretch of folded text that gives one or more tokens. */
export interface Piece {
  /** Where it begins in the folded text. */
  readonly at: number
  /** Its text. */
  readonly text: string
  /** Whether its characters are tokens two by two. */
  readonly unsegmented: boolean
}

/** Finds the pieces of a folded text, in order. */
export const piecesOf = function* (folded: string): Generator<Piece> {
  for (const { 0: text, index } of folded.matchAll(pieces)) {
    if (isUnsegmented.test(text)) yield { at: index, text, unsegmented: true }
    else if (text.length <= maxTokenLength) yield { at: index, text, unsegmented: false }
    else yield* cut(index, Array.from(text))
  }
}

const cut = function* (index: number, characters: readonly string[]): Generator<Piece> {
  let at = index
  for (let i = 0; i < characters.length; i += maxTokenLength) {
    const text = characters.slice(i, i + maxTokenLength).join('')
    yield { at, text, unsegmented: false }
    at += text.length
  }
}

/** The tokens of a text with one space around each: what the index is given, and what a query is tested against. */
export const indexText = (text: string): string => {
  const folded = fold(text)
  if (!nonAscii.test(folded) && !longRun.test(folded)) return ` ${folded.replaceAll(/[^a-z0-9]+/g, ' ')} `.replaceAll('  ', ' ')
  let tokens = ' '
  for (const run of runsOf(folded)) {
    if (typeof run === 'string') tokens += `${run} `
    else for (let i = 0; i < run.length; i++) tokens += `${run[i]}${run[i + 1] ?? ''} `
  }
  return tokens
}

/** Words, and runs of characters of unsegmented scripts, which spaces and stops do not end. */
const runsOf = (folded: string): (string | string[])[] => {
  const runs: (string | string[])[] = []
  for (const piece of piecesOf(folded)) {
    const before = runs.at(-1)
    if (!piece.unsegmented) runs.push(piece.text)
    else if (Array.isArray(before)) before.push(...Array.from(piece.text))
    else runs.push(Array.from(piece.text))
  }
  return runs
}

/** What a stretch of a query asks for. */
export interface Phrase {
  /** Tokens in a row. */
  readonly tokens: readonly string[]
  /** Whether a token that begins with the last one will do. */
  readonly prefix: boolean
  /** The same as words and, of unsegmented scripts, single characters. */
  readonly atoms: readonly string[]
  /** Whether a word that begins with the last atom will do. */
  readonly openWord: boolean
}

/** What a stretch of a query asks for; null when it holds no word at all. */
export const phraseOf = (text: string, star: boolean): Phrase | null => {
  const runs = runsOf(fold(text))
  const tokens: string[] = []
  let prefix = star
  for (const [i, run] of runs.entries()) {
    if (typeof run === 'string') {
      tokens.push(run)
      continue
    }
    for (let k = 0; k + 1 < run.length; k++) tokens.push(run[k]! + run[k + 1]!)
    const isLast = i === runs.length - 1
    // At the end of the phrase the run may go on in the text: then its last character heads a pair there.
    if (isLast) prefix = run.length === 1
    if (!isLast || run.length === 1) tokens.push(run.at(-1)!)
  }
  if (tokens.length === 0) return null
  return { tokens, prefix, atoms: runs.flat(), openWord: star && typeof runs.at(-1) === 'string' }
}
