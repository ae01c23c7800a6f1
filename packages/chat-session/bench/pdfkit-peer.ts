import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
// oxlint-disable-next-line import/no-named-as-default -- its types know no other
import PDFDocument from 'pdfkit'

const require = createRequire(import.meta.url)

/** Writes messages as tagged paragraphs with plain pdfkit, in the fonts that ours uses; Chinese in another whole font; no Markdown, no fallback. */
export const pdfkitExport = (messages: readonly string[]): Promise<number> => {
  const fonts = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf')
  const chinese = require.resolve('@fontsource/zcool-xiaowei/files/zcool-xiaowei-chinese-simplified-400-normal.woff')
  const document = new PDFDocument({ size: 'A4', tagged: true, pdfVersion: '1.7', lang: 'en', displayTitle: true, info: { Title: 'Bench' } })
  let bytes = 0
  document.on('data', (chunk: Uint8Array) => { bytes += chunk.length })
  const ended = new Promise<void>(resolve => { document.on('end', resolve) })
  const root = document.struct('Document')
  document.addStructure(root)
  for (const [i, text] of messages.entries()) {
    const section = document.struct('Sect')
    root.add(section)
    section.add(document.struct('H2', {}, () => void document.font(`${fonts}/DejaVuSans-Bold.ttf`).fontSize(10.5).text(`User · message ${i}`)))
    section.add(document.struct('P', {}, () => void document.font(/[\u4e00-\u9fff]/.test(text) ? chinese : `${fonts}/DejaVuSans.ttf`).fontSize(10).text(text)))
    section.end()
  }
  root.end()
  document.end()
  return ended.then(() => bytes)
}
