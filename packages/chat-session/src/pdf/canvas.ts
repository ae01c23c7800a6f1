import type { Fonts, SetWord } from './fonts.ts'
import type { Line, Span } from './lines.ts'
import { sheet, type Page } from './page.ts'
import { pdfNumber, pdfText, type PdfFile } from './pdf-file.ts'
import { markOf, type Element, type Structure } from './structure.ts'

/** Draws on page after page. */
export interface Canvas {
  /** The page being filled. */
  page(): Page
  /** Begins a new page unless this much height is left. */
  need(height: number): void
  /** Draws a line of text with its left edge at `x`, as an element's content; links become elements of their own. */
  line(line: Line, x: number, baseline: number, size: number, element: Element): void
  /** Draws what is nobody's content. */
  artifact(operators: string): void
  /** The objects of all pages so far. */
  readonly pages: readonly number[]
  /** Ends the last page. */
  end(): void
}

/** Line height for a size. */
export const leading = 1.42

export const createCanvas = (file: PdfFile, fonts: Fonts, structure: Structure, resources: number, tree: number, header: string): Canvas => {
  const pages: number[] = []
  let page: Page

  const begin = () => {
    page = { number: file.allocate(), ordinal: pages.length + 1, content: [], owners: [], annotations: [], y: sheet.height - sheet.top }
    pages.push(page.number)
    const at = (text: string, x: number, y: number, right: boolean) => {
      const word = fonts.set('DejaVuSans', text)
      const width = (word.width * 8) / 1000
      page.content.push(`/Artifact <</Type/Pagination>> BDC\nBT 0.36 0.36 0.4 rg 1 0 0 1 ${pdfNumber(right ? x - width : x)} ${y} Tm\n${glyphsOf([word], 8)}ET\nEMC\n`)
    }
    at(header, sheet.left, sheet.height - 40, false)
    at(String(page.ordinal), sheet.width - sheet.right, 34, true)
  }
  const end = () => {
    const content = file.allocate()
    const owners = file.allocate()
    const key = structure.newKey()
    file.putStream(content, '', Buffer.from(page.content.join(''), 'latin1'))
    file.put(owners, `[${page.owners.map(n => `${n} 0 R`).join(' ')}]`)
    structure.noteParents(key, owners)
    const annotations = page.annotations.length === 0 ? '' : `/Annots[${page.annotations.map(n => `${n} 0 R`).join(' ')}]`
    file.put(page.number, `<</Type/Page/Parent ${tree} 0 R/MediaBox[0 0 ${sheet.width} ${sheet.height}]/Resources ${resources} 0 R`
      + `/Contents ${content} 0 R/StructParents ${key}/Tabs/S${annotations}>>`)
  }
  const link = (span: Span, element: Element, x: number, baseline: number, size: number): Element => {
    const owner = structure.open('Link', element)
    const annotation = file.allocate()
    const key = structure.newKey()
    const rect = [x, baseline - size * 0.3, x + span.width, baseline + size].map(pdfNumber).join(' ')
    const uri = Buffer.from(encodeUri(span.inline.link!), 'latin1').toString('hex')
    file.put(annotation, `<</Type/Annot/Subtype/Link/Rect[${rect}]/Border[0 0 0]/F 4/StructParent ${key}`
      + `/Contents${pdfText(span.inline.link!)}/A<</S/URI/URI<${uri}>>>>>`)
    page.annotations.push(annotation)
    structure.noteParents(key, owner.number)
    owner.kids.push(`<</Type/OBJR/Pg ${page.number} 0 R/Obj ${annotation} 0 R>>`)
    return owner
  }

  begin()
  return {
    page: () => page,
    pages,
    need(height) {
      if (page.y - height >= sheet.bottom) return
      end()
      begin()
    },
    line(drawn, x, baseline, size, element) {
      let left = x
      let i = 0
      while (i < drawn.spans.length) {
        const first = drawn.spans[i]!
        const together: Span[] = [first]
        while (first.inline.link === undefined && drawn.spans[i + together.length]?.inline.link === undefined && i + together.length < drawn.spans.length) {
          together.push(drawn.spans[i + together.length]!)
        }
        const owner = first.inline.link === undefined ? element : link(first, element, left, baseline, size)
        let content = `${markOf(page, owner)}BT 1 0 0 1 ${pdfNumber(left)} ${pdfNumber(baseline)} Tm\n`
        for (const span of together) {
          content += `${span.inline.color} rg\n${glyphsOf(span.words, size)}`
          left += span.width
        }
        page.content.push(`${content}ET\nEMC\n`)
        if (owner !== element) structure.close(owner)
        i += together.length
      }
    },
    artifact: operators => void page.content.push(`/Artifact BMC\n${operators}EMC\n`),
    end,
  }
}

/** The operators that show words, those of one font together. */
const glyphsOf = (words: readonly SetWord[], size: number): string => {
  let out = ''
  let font = ''
  let hex = ''
  const flush = () => {
    if (hex !== '') out += `<${hex}> Tj\n`
    hex = ''
  }
  for (const { runs, actual } of words) {
    if (actual !== null) {
      flush()
      out += `/Span <</ActualText${pdfText(actual)}>> BDC\n`
    }
    for (const run of runs) {
      if (run.font.name !== font) {
        flush()
        font = run.font.name
        out += `/${font} ${size} Tf\n`
      }
      hex += run.hex
    }
    if (actual !== null) {
      flush()
      out += 'EMC\n'
    }
  }
  flush()
  return out
}

/** An address in ASCII, whatever was in it. */
const encodeUri = (uri: string): string => {
  try {
    return encodeURI(decodeURI(uri))
  } catch {
    return uri.replaceAll(/[^!-~]/g, c => encodeURIComponent(c.toWellFormed()))
  }
}
