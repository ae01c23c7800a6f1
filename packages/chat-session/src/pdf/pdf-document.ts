import { createHash } from 'node:crypto'
import { describePart, speakerOf, stateNote } from '../export/plain-parts.ts'
import { createTimeFormat } from '../export/time-format.ts'
import type { Message } from '../message.ts'
import type { Session } from '../session.ts'
import { blocksOf, ink, plain } from './blocks.ts'
import { createCanvas } from './canvas.ts'
import { bodySize, drawBlocks, drawText, type Drawing } from './draw-blocks.ts'
import { fallbackFamilies } from './font-files.ts'
import { createFonts } from './fonts.ts'
import { lineWidth, sheet } from './page.ts'
import { createPdfFile, pdfNumber, pdfText } from './pdf-file.ts'
import { createStructure, type Element } from './structure.ts'

/** What the document is to be. */
export interface PdfOptions {
  readonly session: Session
  readonly timeZone: string
  readonly language: string
  /** Packages of fonts beside the usual ones, looked in first. */
  readonly fontFamilies: readonly string[]
}

/** A document that is written as messages come. */
export interface PdfDocument {
  add(message: Message): void
  end(): void
  /** Takes what was written since it was last asked. */
  take(): Uint8Array
}

export const createPdfDocument = ({ session, timeZone, language, fontFamilies }: PdfOptions): PdfDocument => {
  const file = createPdfFile()
  const time = createTimeFormat(timeZone)
  const fonts = createFonts([...fontFamilies, ...fallbackFamilies])
  const structure = createStructure(file)
  const [catalog, tree, resources, outlines, info, metadata] = Array.from({ length: 6 }, () => file.allocate()) as
    [number, number, number, number, number, number]
  const title = session.title.trim() || 'Untitled session'
  const canvas = createCanvas(file, fonts, structure, resources, tree, shorten(title, 90))
  const drawing: Drawing = { canvas, fonts, structure, level: 1 }
  const root = structure.open('Document', null)
  /** Bookmarks: one is written when the next is known. */
  let bookmark: { readonly number: number, readonly previous: number | null, readonly entries: string } | null = null
  let firstBookmark = 0
  let bookmarks = 0

  const block = (tag: string, parent: Element, text: string, size: number, color: string = ink.text, bold = false) => {
    const element = structure.open(tag, parent)
    drawText(drawing, plain(text, color, bold ? 'DejaVuSans-Bold' : 'DejaVuSans'), element, { x: sheet.left, width: lineWidth, size })
    structure.close(element)
  }
  const mark = (text: string) => {
    const number = file.allocate()
    const page = canvas.page()
    const entries = `/Title${pdfText(text)}/Parent ${outlines} 0 R/Dest[${page.number} 0 R/XYZ null ${pdfNumber(Math.min(sheet.height, page.y + 20))} null]`
    putBookmark(number)
    bookmark = { number, previous: bookmark?.number ?? null, entries }
    if (bookmarks++ === 0) firstBookmark = number
  }
  const putBookmark = (next: number | null) => {
    if (!bookmark) return
    const { number, previous, entries } = bookmark
    file.put(number, `<<${entries}${previous === null ? '' : `/Prev ${previous} 0 R`}${next === null ? '' : `/Next ${next} 0 R`}>>`)
  }

  block('H1', root, title, 18, ink.text, true)
  block('P', root, `Bot: ${session.botId}`, bodySize, ink.quiet)
  block('P', root, `Begun: ${time(session.createdAt)} (${timeZone})`, bodySize, ink.quiet)

  return {
    add(message) {
      const section = structure.open('Sect', root)
      drawing.level = 2
      canvas.page().y -= 12
      canvas.need(70)
      const speaker = speakerOf(message, session.botId)
      const { y } = canvas.page()
      canvas.artifact(`${message.role === 'user' ? '0.05 0.28 0.63' : '0.45 0.45 0.5'} rg ${sheet.left - 10} ${pdfNumber(y - 14)} 3 12 re f\n`)
      mark(`${message.seq}. ${speaker}: ${shorten(firstWords(message), 60)}`)
      block('H2', section, `${speaker} · ${time(message.createdAt)}`, 10.5, ink.text, true)
      canvas.page().y -= 3
      for (const part of message.parts) {
        if (part.type === 'text') drawBlocks(drawing, blocksOf(String(part.text)), section)
        else {
          const { heading, text } = describePart(part)
          drawBlocks(drawing, [
            { kind: 'paragraph', content: plain(heading, ink.quiet, 'DejaVuSans-Bold') },
            ...(text === '' ? [] : [{ kind: 'code', lines: text.split('\n').map(line => plain(line, ink.quiet, 'DejaVuSansMono')) } as const]),
          ], section)
        }
      }
      for (const { name, mediaType, bytes } of message.attachments) block('P', section, `Attachment: ${name} (${mediaType}, ${bytes} bytes)`, 9, ink.quiet)
      const note = stateNote(message)
      if (note !== '') block('P', section, note, 9, ink.quiet)
      structure.close(section)
    },
    end() {
      canvas.end()
      structure.close(root)
      structure.end()
      putBookmark(null)
      const last = bookmark ? `/First ${firstBookmark} 0 R/Last ${(bookmark as { number: number }).number} 0 R/Count ${bookmarks}` : ''
      file.put(outlines, `<</Type/Outlines${last}>>`)
      file.put(resources, `<</Font<<${fonts.put(file)}>>>>`)
      file.put(tree, `<</Type/Pages/Count ${canvas.pages.length}/Kids[${canvas.pages.map(n => `${n} 0 R`).join(' ')}]>>`)
      file.put(info, `<</Title${pdfText(title)}/Creator(hivekit)/Producer(hivekit)/CreationDate(${pdfDate(session.createdAt)})/ModDate(${pdfDate(session.updatedAt)})>>`)
      file.putStream(metadata, '/Type/Metadata/Subtype/XML', Buffer.from(xmp(title, language, session)), { plain: true })
      file.put(catalog, `<</Type/Catalog/Pages ${tree} 0 R/Outlines ${outlines} 0 R/Lang(${language})/MarkInfo<</Marked true>>`
        + `/ViewerPreferences<</DisplayDocTitle true>>/StructTreeRoot ${structure.root} 0 R/Metadata ${metadata} 0 R`
        + '/PageLabels<</Nums[0<</S/D>>]>>/PageMode/UseOutlines>>')
      file.end(catalog, info, createHash('md5').update(`${session.id} ${session.updatedAt}`).digest('hex'))
    },
    take: () => file.take(),
  }
}

const firstWords = ({ parts }: Message): string => {
  const text = parts.find(part => part.type === 'text')
  return typeof text?.text === 'string' ? text.text.slice(0, 200).replaceAll(/\s+/g, ' ').trim() : ''
}

const shorten = (text: string, most: number): string => {
  const characters = Array.from(text)
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

const pdfDate = (at: number): string => `D:${new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`

/** The same again as XMP, which says that the file means to be accessible (PDF/UA-1, ISO 14289-1). */
const xmp = (title: string, language: string, { createdAt, updatedAt }: Session): string => {
  const escape = (text: string) => text.toWellFormed().replaceAll(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfuaid:part>1</pdfuaid:part><dc:title><rdf:Alt><rdf:li xml:lang="x-default">${escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>${escape(language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>${new Date(createdAt).toISOString()}</xmp:CreateDate><xmp:ModifyDate>${new Date(updatedAt).toISOString()}</xmp:ModifyDate>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>
`
}
