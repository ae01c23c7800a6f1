import type { Inline } from './blocks.ts'
import type { Fonts, SetWord } from './fonts.ts'

/** Words of one look, in a row on a line. */
export interface Span {
  readonly inline: Inline
  readonly words: SetWord[]
  /** In points. */
  width: number
}

/** A line as it is drawn, from left to right. */
export interface Line {
  readonly spans: readonly Span[]
  /** In points. */
  readonly width: number
  readonly rtl: boolean
}

/** Where a line may end: after spaces, and on either side of a character of a script that needs none. */
const words = /\n|[^\S\n]+|[\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]|[\u{20000}-\u{3ffff}]|[^\s\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]+/gu
/** Controls draw nothing; a tab is four spaces. */
const controls = /(?!\n)\p{Cc}/gu

interface Piece { readonly inline: Inline, readonly word: SetWord, readonly width: number, readonly space: boolean }

/** Breaks text into lines, each at most so wide. A space at the end of a line stays, beyond its edge: it parts words for who copies them. */
export const breakLines = (content: readonly Inline[], size: number, width: number, fonts: Fonts): Line[] => {
  const lines: Line[] = []
  let pieces: Piece[] = []
  let used = 0
  const end = () => {
    lines.push(toLine(pieces))
    pieces = []
    used = 0
  }
  const add = (inline: Inline, text: string, space: boolean) => {
    const word = fonts.set(inline.face, text)
    const wide = (word.width * size) / 1000
    if (!space && used + wide > width && used > 0) end()
    if (!space && wide > width && Array.from(text).length > 1) {
      // Too long for any line: break it where it must be.
      for (const part of halves(text)) add(inline, part, false)
      return
    }
    pieces.push({ inline, word, width: wide, space })
    used += wide
  }
  for (const inline of content) {
    const clean = inline.text.toWellFormed().replaceAll('\t', '    ').replaceAll(controls, c => (c === '\r' ? '' : ' '))
    for (const [text] of clean.matchAll(words)) {
      if (text === '\n') end()
      else add(inline, text, /^\s/.test(text))
    }
  }
  if (pieces.length > 0 || lines.length === 0) end()
  return lines
}

const halves = (text: string): string[] => {
  const characters = Array.from(text)
  const middle = characters.length >> 1
  return [characters.slice(0, middle).join(''), characters.slice(middle).join('')]
}

const toLine = (pieces: readonly Piece[]): Line => {
  const first = pieces.find(p => !p.space)
  const rtl = first?.word.rtl ?? false
  const ordered = pieces.some(p => p.word.rtl) ? reorder(pieces, rtl) : pieces
  const spans: Span[] = []
  let width = 0
  for (const { inline, word, width: wide } of ordered) {
    const last = spans.at(-1)
    if (last?.inline === inline) {
      last.words.push(word)
      last.width += wide
    } else spans.push({ inline, words: [word], width: wide })
    width += wide
  }
  return { spans, width, rtl }
}

/** Puts words in the order they are seen: those of right-to-left scripts from the right, the others among them in their own. */
const reorder = (pieces: readonly Piece[], rtl: boolean): Piece[] => {
  /** A space belongs to the direction around it, or to the line's between two. */
  const directions = pieces.map((piece, i) => {
    if (!piece.space) return piece.word.rtl
    const before = pieces.slice(0, i).findLast(p => !p.space)?.word.rtl ?? rtl
    const after = pieces.slice(i + 1).find(p => !p.space)?.word.rtl ?? rtl
    return before === after ? before : rtl
  })
  const groups: { rtl: boolean, pieces: Piece[] }[] = []
  for (const [i, piece] of pieces.entries()) {
    const last = groups.at(-1)
    if (last?.rtl === directions[i]) last!.pieces.push(piece)
    else groups.push({ rtl: directions[i]!, pieces: [piece] })
  }
  const inner = groups.map(group => (group.rtl ? group.pieces.toReversed() : group.pieces))
  return (rtl ? inner.toReversed() : inner).flat()
}
