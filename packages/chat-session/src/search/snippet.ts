import { foldTraced } from './fold.ts'
import { piecesOf, type Phrase } from './tokenize.ts'

/** A stretch of a snippet. Joined, they are the snippet's text. */
export interface SnippetPart {
  /** The text as it was written. */
  readonly text: string
  /** Whether it is what was looked for. */
  readonly hit: boolean
}

interface Span { readonly from: number, readonly to: number }

/** How many characters a snippet has, about. */
const snippetLength = 200

/** Cuts out the stretch of a text that holds the first of what was looked for, and marks what was found in it. */
export const snippetOf = (text: string, wanted: readonly Phrase[]): SnippetPart[] => {
  const spans = wanted.length === 0 ? [] : findSpans(text, wanted)
  const first = spans[0]?.from ?? 0
  const from = wordStart(text, Math.max(0, first - 60))
  const to = wordEnd(text, Math.min(text.length, from + snippetLength))
  const parts: SnippetPart[] = []
  let at = from
  const push = (until: number, hit: boolean) => {
    if (until > at) parts.push({ text: text.slice(at, until), hit })
    at = Math.max(at, until)
  }
  if (from > 0) parts.push({ text: '…', hit: false })
  for (const span of spans) {
    if (span.from >= to) break
    push(span.from, false)
    push(Math.min(span.to, to), true)
  }
  push(to, false)
  if (to < text.length) parts.push({ text: '…', hit: false })
  return parts
}

/** Where the phrases are, in order, none overlapping. Only the first stretch that has any is looked at to the end. */
const findSpans = (text: string, wanted: readonly Phrase[]): Span[] => {
  const { folded, origins } = foldTraced(text)
  const atoms = atomsOf(folded)
  const spans: Span[] = []
  for (let i = 0; i < atoms.length; i++) {
    for (const pattern of wanted) {
      if (!pattern.atoms.every((atom, k) => fits(atoms[i + k]?.text, atom, pattern.openWord && k === pattern.atoms.length - 1))) continue
      const last = atoms[i + pattern.atoms.length - 1]!
      const from = origins[atoms[i]!.at]!
      const to = endOf(origins, last.at + last.text.length)
      const before = spans.at(-1)
      if (before && before.to >= from) spans[spans.length - 1] = { from: before.from, to: Math.max(before.to, to) }
      else spans.push({ from, to })
    }
    if (spans.length > 0 && origins[atoms[i]!.at]! > spans[0]!.from + snippetLength) break
  }
  return spans
}

const fits = (atom: string | undefined, wanted: string, prefix: boolean): boolean =>
  atom !== undefined && (prefix ? atom.startsWith(wanted) : atom === wanted)

/** Where what came before a place in the folded text ends in the original: a cluster folded to several characters is one. */
const endOf = (origins: readonly number[], folded: number): number => {
  const last = origins[folded - 1]!
  let i = folded
  while (i < origins.length - 1 && origins[i] === last) i++
  return origins[i]!
}

/** The words of a folded text; of unsegmented scripts, the characters. */
const atomsOf = (folded: string): { readonly at: number, readonly text: string }[] => {
  const atoms: { at: number, text: string }[] = []
  for (const piece of piecesOf(folded)) {
    if (!piece.unsegmented) atoms.push(piece)
    else {
      let at = piece.at
      for (const character of piece.text) {
        atoms.push({ at, text: character })
        at += character.length
      }
    }
  }
  return atoms
}

const wordStart = (text: string, at: number): number => {
  if (at === 0) return 0
  const space = text.slice(at, at + 30).search(/\s/)
  return space === -1 ? whole(text, at) : at + space + 1
}
const wordEnd = (text: string, at: number): number => {
  if (at === text.length) return at
  const space = text.slice(at - 30, at).search(/\s\S*$/)
  return space === -1 ? whole(text, at) : at - 30 + space
}
/** Not between the halves of a surrogate pair. */
const whole = (text: string, at: number): number => (/[\ud800-\udbff]/.test(text[at - 1] ?? '') ? at - 1 : at)
