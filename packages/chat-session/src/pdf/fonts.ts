import { readFileSync } from 'node:fs'
import { create, type Font as ParsedFont } from 'fontkit'
import { faces, fallbackFamilies, findFallbackFiles, readFace, type Face, type FallbackFile } from './font-files.ts'
import { createPdfFont, type PdfFont } from './pdf-font.ts'
import type { PdfFile } from './pdf-file.ts'

/** A stretch of text that one font sets. */
export interface GlyphRun {
  readonly font: PdfFont
  /** Character codes of that font, 4 hexadecimal digits each. */
  readonly hex: string
}

/** A word as it is set: its glyphs, and how wide it is, in thousandths of the size. */
export interface SetWord {
  readonly runs: readonly GlyphRun[]
  readonly width: number
  readonly rtl: boolean
  /** Its text, where the glyphs' own order or number is not that of the characters. Readers turn right-to-left words round by themselves. */
  readonly actual: string | null
}

/** Finds glyphs for any text: the face's, else another font's that has them, else an empty box that still says what it is. */
export interface Fonts {
  /** Sets a word; what it found is remembered. */
  set(face: Face, word: string): SetWord
  /** Writes the fonts that were used, as the resource dictionary's entries. */
  put(file: PdfFile): string
}

/** Scripts whose letters join, reorder or stack: these need the font's own rules. */
const shaped = /[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefc]/
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/
/** What is never drawn: joiners, marks of direction, variation selectors. */
const invisible = /\p{Default_Ignorable_Code_Point}/u

/** Words remembered per face. */
const mostWords = 50_000

export const createFonts = (families: readonly string[] = fallbackFamilies): Fonts => {
  const open = new Map<string, PdfFont | null>()
  const fallbacks = findFallbackFiles(families)
  const words = new Map<Face, Map<string, SetWord>>(faces.map(face => [face, new Map()]))
  const glyphs = new Map<Face, Map<number, { readonly font: PdfFont, readonly code: number }>>(faces.map(face => [face, new Map()]))

  const load = (name: string, read: () => Buffer): PdfFont | null => {
    const known = open.get(name)
    if (known !== undefined) return known
    let font: PdfFont | null = null
    try {
      const parsed = create(read()) as ParsedFont
      // Outlines of the other kind cannot be embedded the way these are.
      const made = 'glyf' in parsed ? createPdfFont(parsed, open.size) : null
      // fontkit reads a font's tables when they are first needed: here, where it may fail.
      made?.has(32)
      font = made
    } catch {
      // A file that is missing or broken is a font that is not installed.
    }
    open.set(name, font)
    return font
  }
  const faceOf = (face: Face): PdfFont => {
    const font = load(face, () => readFace(face))
    if (!font) throw new Error(`The font ${face} cannot be read.`)
    return font
  }
  const covers = ({ ranges }: FallbackFile, code: number) => ranges.some(([from, to]) => code >= from && code <= to)
  /** The font that has a character; the face itself where none has. */
  const fontFor = (face: Face, code: number): PdfFont => {
    const own = faceOf(face)
    if (own.has(code)) return own
    const sans = faceOf('DejaVuSans')
    if (sans.has(code)) return sans
    for (const file of fallbacks) {
      if (!covers(file, code)) continue
      const font = load(file.path, () => readFileSync(file.path))
      if (font?.has(code)) return font
    }
    return own
  }
  const glyphOf = (face: Face, code: number) => {
    const known = glyphs.get(face)!.get(code)
    if (known) return known
    const font = fontFor(face, code)
    const found = { font, code: font.codeOf(code) }
    glyphs.get(face)!.set(code, found)
    return found
  }

  const setPlain = (face: Face, word: string): SetWord => {
    const runs: { font: PdfFont, hex: string }[] = []
    let width = 0
    for (const character of word) {
      if (invisible.test(character)) continue
      const { font, code } = glyphOf(face, character.codePointAt(0)!)
      width += font.widthOf(code)
      const last = runs.at(-1)
      const hex = code.toString(16).padStart(4, '0')
      if (last?.font === font) last.hex += hex
      else runs.push({ font, hex })
    }
    return { runs, width, rtl: false, actual: null }
  }
  const setShaped = (face: Face, word: string): SetWord => {
    const first = Array.from(word).find(c => shaped.test(c))!
    const font = fontFor(face, first.codePointAt(0)!)
    const rtl = rightToLeft.test(word)
    if (!Array.from(word).every(c => font.has(c.codePointAt(0)!) || invisible.test(c))) {
      const plain = setPlain(face, rtl ? Array.from(word).toReversed().join('') : word)
      return { ...plain, rtl }
    }
    const { hex, width } = font.shape(word)
    return { runs: [{ font, hex }], width, rtl, actual: rtl ? null : word }
  }

  return {
    set(face, word) {
      const known = words.get(face)!
      const seen = known.get(word)
      if (seen) return seen
      const set = shaped.test(word) ? setShaped(face, word) : setPlain(face, word)
      if (known.size >= mostWords) known.clear()
      known.set(word, set)
      return set
    },
    put: file => [...open.values()].filter(font => font?.isUsed()).map(font => `/${font!.name} ${font!.put(file)} 0 R`).join(''),
  }
}
