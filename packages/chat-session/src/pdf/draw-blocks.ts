import { breakLines, type Line } from './lines.ts'
import type { Block, Inline, TableRow } from './blocks.ts'
import { plain } from './blocks.ts'
import { leading, type Canvas } from './canvas.ts'
import type { Fonts } from './fonts.ts'
import { lineWidth, sheet } from './page.ts'
import { pdfNumber } from './pdf-file.ts'
import type { Element, Structure } from './structure.ts'

/** What drawing needs. */
export interface Drawing {
  readonly canvas: Canvas
  readonly fonts: Fonts
  readonly structure: Structure
  /** The level of the last heading: the next is at most one deeper, as PDF/UA asks. */
  level: number
}

/** Body text, in points. */
export const bodySize = 10
const codeSize = 8.5
const headingSizes = [15, 13.5, 12, 11, 10.5, 10]
const gap = 5

/** Draws lines as one element's content, from page to page. */
export const drawText = (
  { canvas, fonts }: Drawing,
  content: readonly Inline[],
  element: Element,
  { x, width, size }: { readonly x: number, readonly width: number, readonly size: number },
): void => {
  for (const line of breakLines(content, size, width, fonts)) drawLine(canvas, line, element, x, width, size)
}

const drawLine = (canvas: Canvas, line: Line, element: Element, x: number, width: number, size: number): void => {
  const height = size * leading
  canvas.need(height)
  const page = canvas.page()
  page.y -= height
  canvas.line(line, line.rtl ? x + width - line.width : x, page.y + height * 0.28, size, element)
}

/** Draws blocks one under another, indented to `x`. */
export const drawBlocks = (drawing: Drawing, blocks: readonly Block[], parent: Element, x: number = sheet.left): void => {
  const { canvas, structure } = drawing
  const width = sheet.width - sheet.right - x
  for (const block of blocks) {
    switch (block.kind) {
      case 'paragraph': {
        const element = structure.open('P', parent)
        drawText(drawing, block.content, element, { x, width, size: bodySize })
        structure.close(element)
        break
      }
      case 'heading': {
        drawing.level = Math.min(6, drawing.level + 1, block.level + 2)
        const size = headingSizes[block.level - 1]!
        canvas.need(size * leading * 2)
        const element = structure.open(`H${drawing.level}`, parent)
        drawText(drawing, block.content, element, { x, width, size })
        structure.close(element)
        break
      }
      case 'code':
        drawCode(drawing, block.lines, parent, x, width)
        break
      case 'list':
        drawList(drawing, block.first, block.items, parent, x)
        break
      case 'quote': {
        const element = structure.open('BlockQuote', parent)
        drawBlocks(drawing, block.blocks, element, Math.min(x + 14, sheet.left + lineWidth / 2))
        structure.close(element)
        break
      }
      case 'table':
        drawTable(drawing, block.rows, parent, x, width)
        break
      case 'rule': {
        canvas.need(10)
        const { y } = canvas.page()
        canvas.artifact(`0.7 0.7 0.74 RG 0.6 w ${pdfNumber(x)} ${pdfNumber(y - 4)} m ${pdfNumber(x + width)} ${pdfNumber(y - 4)} l S\n`)
        canvas.page().y -= 6
      }
    }
    canvas.page().y -= gap
  }
}

const drawCode = ({ canvas, fonts, structure }: Drawing, lines: readonly (readonly Inline[])[], parent: Element, x: number, width: number): void => {
  const paragraph = structure.open('P', parent)
  const code = structure.open('Code', paragraph)
  const height = codeSize * leading
  for (const content of lines) {
    for (const line of breakLines(content, codeSize, width - 12, fonts)) {
      canvas.need(height)
      const { y } = canvas.page()
      canvas.artifact(`0.955 0.955 0.965 rg ${pdfNumber(x)} ${pdfNumber(y - height)} ${pdfNumber(width)} ${pdfNumber(height + 0.1)} re f\n`)
      drawLine(canvas, line, code, x + 6, width - 12, codeSize)
    }
  }
  structure.close(code)
  structure.close(paragraph)
}

const drawList = (drawing: Drawing, first: number | null, items: readonly (readonly Block[])[], parent: Element, x: number): void => {
  const { canvas, fonts, structure } = drawing
  const numbering = first === null ? 'Disc' : 'Decimal'
  const list = structure.open('L', parent, `/A<</O/List/ListNumbering/${numbering}>>`)
  const inner = Math.min(x + (first === null ? 14 : 22), sheet.left + lineWidth / 2)
  for (const [i, blocks] of items.entries()) {
    const item = structure.open('LI', list)
    const label = structure.open('Lbl', item)
    const height = bodySize * leading
    canvas.need(height)
    const mark = first === null ? '• ' : `${first + i}. `
    const [line] = breakLines(plain(mark), bodySize, lineWidth, fonts)
    canvas.line(line!, x, canvas.page().y - height * 0.72, bodySize, label)
    structure.close(label)
    const body = structure.open('LBody', item)
    if (blocks.length === 0) canvas.page().y -= height
    drawBlocks(drawing, blocks, body, inner)
    structure.close(body)
    structure.close(item)
    canvas.page().y += gap / 2
  }
  canvas.page().y -= gap / 2
  structure.close(list)
}

const cellPadding = 4

const drawTable = (drawing: Drawing, rows: readonly TableRow[], parent: Element, x: number, width: number): void => {
  const { canvas, fonts, structure } = drawing
  const columns = Math.max(1, ...rows.map(row => row.cells.length))
  /** As wide as each column would like to be, or its share where they do not all fit. */
  const liked = Array.from({ length: columns }, (_, c) => Math.max(24, ...rows.map(row =>
    Math.max(...breakLines(row.cells[c] ?? [], bodySize, Infinity, fonts).map(line => line.width)) + cellPadding * 2)))
  const total = liked.reduce((sum, w) => sum + w, 0)
  const share = width / columns
  const kept = liked.map(w => (total <= width ? w : Math.min(w, share)))
  const spare = total <= width ? 0 : width - kept.reduce((sum, w) => sum + w, 0)
  const wider = liked.map((w, c) => Math.max(0, w - kept[c]!))
  const want = wider.reduce((sum, w) => sum + w, 0)
  const widths = kept.map((w, c) => w + (want === 0 ? 0 : (spare * wider[c]!) / want))

  const table = structure.open('Table', parent)
  const height = bodySize * leading
  for (const row of rows) {
    const cells = widths.map((w, c) => breakLines(row.cells[c] ?? [], bodySize, Math.max(12, w - cellPadding * 2), fonts))
    const most = Math.max(...cells.map(lines => lines.length))
    const element = structure.open('TR', table)
    const elements = cells.map(() => structure.open(row.head ? 'TH' : 'TD', element, row.head ? '/A<</O/Table/Scope/Column>>' : ''))
    canvas.need(Math.min(most * height + 4, sheet.height - sheet.top - sheet.bottom))
    const fits = canvas.page().y - most * height >= sheet.bottom
    if (fits) {
      const top = canvas.page().y
      let left = x
      for (const [c, lines] of cells.entries()) {
        for (const [i, line] of lines.entries()) {
          canvas.line(line, left + cellPadding, top - (i + 1) * height + height * 0.28, bodySize, elements[c]!)
        }
        left += widths[c]!
      }
      canvas.page().y = top - most * height
    } else {
      // Taller than a page: its cells go one under another.
      for (const [c, lines] of cells.entries()) for (const line of lines) drawLine(canvas, line, elements[c]!, x + cellPadding, width, bodySize)
    }
    const { y } = canvas.page()
    canvas.artifact(`0.75 0.75 0.79 RG ${row.head ? 1 : 0.4} w ${pdfNumber(x)} ${pdfNumber(y - 2)} m ${pdfNumber(x + widths.reduce((s, w) => s + w, 0))} ${pdfNumber(y - 2)} l S\n`)
    canvas.page().y -= 4
    elements.forEach(e => structure.close(e))
    structure.close(element)
  }
  structure.close(table)
}
