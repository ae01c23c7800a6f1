import type { Font as ParsedFont } from 'fontkit'
import { pdfNumber, type PdfFile } from './pdf-file.ts'

/** A font in the file. Its character codes are ours, given as they are needed, so that each can say what text it is. */
export interface PdfFont {
  /** What page contents call it. */
  readonly name: string
  has(codePoint: number): boolean
  /** The code of a character; one without a glyph gets a code of its own all the same, which draws an empty box. */
  codeOf(codePoint: number): number
  /** A code's width in thousandths of the size. */
  widthOf(code: number): number
  /** Sets a word by the font's rules, in the order it is drawn. */
  shape(word: string): { readonly hex: string, readonly width: number }
  isUsed(): boolean
  /** Embeds what was used, and gives back the font's object. */
  put(file: PdfFile): number
}

/** The tables of fontkit's fonts that its types leave out. */
interface Metrics {
  readonly bbox: { readonly minX: number, readonly minY: number, readonly maxX: number, readonly maxY: number }
  readonly italicAngle: number
  readonly capHeight: number
  readonly post?: { readonly isFixedPitch: number }
}

export const createPdfFont = (parsed: ParsedFont, index: number): PdfFont => {
  const scale = 1000 / parsed.unitsPerEm
  const byCharacter = new Map<number, number>()
  const byGlyph = new Map<string, number>()
  /** Per code: the font's glyph, its width, the text it stands for. Code 0 stands for nothing. */
  const glyphIds: number[] = [0]
  const widths: number[] = [parsed.getGlyph(0).advanceWidth * scale]
  const texts: string[] = ['']

  const newCode = (glyphId: number, width: number, text: string): number => {
    widths.push(width)
    texts.push(text)
    return glyphIds.push(glyphId) - 1
  }
  return {
    name: `F${index}`,
    has: codePoint => parsed.hasGlyphForCodePoint(codePoint),
    codeOf(codePoint) {
      const known = byCharacter.get(codePoint)
      if (known !== undefined) return known
      const glyph = parsed.glyphForCodePoint(codePoint)
      const code = newCode(glyph.id, glyph.advanceWidth * scale, String.fromCodePoint(codePoint))
      byCharacter.set(codePoint, code)
      return code
    },
    widthOf: code => widths[code]!,
    shape(word) {
      const { glyphs, positions } = parsed.layout(word)
      let hex = ''
      let width = 0
      for (const [i, glyph] of glyphs.entries()) {
        const advance = positions[i]!.xAdvance * scale
        const text = String.fromCodePoint(...glyph.codePoints)
        const key = `${glyph.id} ${advance} ${text}`
        const code = byGlyph.get(key) ?? newCode(glyph.id, advance, text)
        byGlyph.set(key, code)
        hex += code.toString(16).padStart(4, '0')
        width += advance
      }
      return { hex, width }
    },
    isUsed: () => glyphIds.length > 1,
    put(file) {
      // fontkit's types know it as it was three versions ago.
      const subset = parsed.createSubset() as unknown as { includeGlyph(id: number): number, encode(): Uint8Array }
      const toGlyph = Buffer.alloc(glyphIds.length * 2)
      for (const [code, glyphId] of glyphIds.entries()) toGlyph.writeUInt16BE(glyphId === 0 ? 0 : subset.includeGlyph(glyphId), code * 2)
      const [font, descendant, descriptor, program, map, unicode] = Array.from({ length: 6 }, () => file.allocate()) as
        [number, number, number, number, number, number]
      const base = `${tagOf(index)}+${parsed.postscriptName.replaceAll(/[^\w-]/g, '')}`
      const { bbox, italicAngle, capHeight, post } = parsed as unknown as Metrics
      const box = [bbox.minX, bbox.minY, bbox.maxX, bbox.maxY].map(v => Math.round(v * scale)).join(' ')
      const flags = 4 + (post?.isFixedPitch ? 1 : 0) + (italicAngle === 0 ? 0 : 64)

      file.putStream(program, '', Buffer.from(subset.encode()))
      file.putStream(map, '', toGlyph)
      file.putStream(unicode, '', Buffer.from(unicodeMap(texts), 'latin1'))
      file.put(descriptor, `<</Type/FontDescriptor/FontName/${base}/Flags ${flags}/FontBBox[${box}]/ItalicAngle ${pdfNumber(italicAngle)}`
        + `/Ascent ${Math.round(parsed.ascent * scale)}/Descent ${Math.round(parsed.descent * scale)}`
        + `/CapHeight ${Math.round((capHeight || parsed.ascent) * scale)}/StemV 80/FontFile2 ${program} 0 R>>`)
      file.put(descendant, `<</Type/Font/Subtype/CIDFontType2/BaseFont/${base}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>`
        + `/FontDescriptor ${descriptor} 0 R/DW 1000/W[0[${widths.map(pdfNumber).join(' ')}]]/CIDToGIDMap ${map} 0 R>>`)
      file.put(font, `<</Type/Font/Subtype/Type0/BaseFont/${base}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${unicode} 0 R>>`)
      return font
    },
  }
}

/** Six letters that tell subsets of one font apart. */
const tagOf = (index: number): string =>
  Array.from({ length: 6 }, (_, i) => String.fromCharCode(65 + (Math.floor(index / 26 ** i) % 26))).join('')

/** What each code means (ISO 32000-1, 9.10.3). */
const unicodeMap = (texts: readonly string[]): string => {
  const entries = texts.flatMap((text, code) => {
    if (text === '') return []
    const utf16 = Buffer.from(text, 'utf16le').swap16().toString('hex')
    return [`<${code.toString(16).padStart(4, '0')}><${utf16}>`]
  })
  const blocks: string[] = []
  for (let i = 0; i < entries.length; i += 100) {
    const block = entries.slice(i, i + 100)
    blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar\n`)
  }
  return '/CIDInit/ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n'
    + '/CMapName/Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n'
    + `${blocks.join('')}endcmap\nCMapName currentdict/CMap defineresource pop\nend\nend\n`
}
