import { createRequire } from 'node:module'
import MarkdownIt from 'markdown-it'
import type { Face } from './font-files.ts'

/*
 * Markdown as blocks of styled text. Nothing in it is fetched and no HTML is read: an image is its description and its
 * address, and a tag is the text it is written as.
 */

/** Text of one look. */
export interface Inline {
  readonly text: string
  readonly face: Face
  readonly color: string
  /** Where it leads. */
  readonly link?: string
}

/** One thing under another. */
export type Block =
  | { readonly kind: 'paragraph', readonly content: readonly Inline[] }
  | { readonly kind: 'heading', readonly level: number, readonly content: readonly Inline[] }
  | { readonly kind: 'code', readonly lines: readonly (readonly Inline[])[] }
  | { readonly kind: 'list', readonly first: number | null, readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'quote', readonly blocks: readonly Block[] }
  | { readonly kind: 'table', readonly rows: readonly TableRow[] }
  | { readonly kind: 'rule' }

/** A row of a table. */
export interface TableRow {
  readonly head: boolean
  readonly cells: readonly (readonly Inline[])[]
}

/** Ink: each at least 4.5:1 on white, and on the grey of code. */
export const ink = { text: '0.1 0.1 0.12', quiet: '0.36 0.36 0.4', link: '0.05 0.28 0.63' } as const

// Its own types bring the browser's globals into every file of a program, so they are not imported.
const require = createRequire(import.meta.url)
const hljs = require('highlight.js/lib/common') as {
  getLanguage(name: string): object | undefined
  highlight(code: string, options: { language: string, ignoreIllegals: boolean }): { readonly value: string }
}

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })
type Token = ReturnType<typeof markdown.parse>[number]

/** Reads Markdown. */
export const blocksOf = (text: string): Block[] => {
  const tokens = markdown.parse(text, {})
  const at = { i: 0 }
  return readBlocks(tokens, at, null)
}

const readBlocks = (tokens: readonly Token[], at: { i: number }, until: string | null): Block[] => {
  const blocks: Block[] = []
  while (at.i < tokens.length) {
    const token = tokens[at.i++]!
    if (token.type === until) return blocks
    switch (token.type) {
      case 'paragraph_open':
        blocks.push({ kind: 'paragraph', content: inlinesOf(tokens[at.i]!) })
        at.i += 2
        break
      case 'heading_open':
        blocks.push({ kind: 'heading', level: Number(token.tag.slice(1)), content: inlinesOf(tokens[at.i]!, 'bold') })
        at.i += 2
        break
      case 'fence':
      case 'code_block':
        blocks.push({ kind: 'code', lines: highlight(token.content, token.info.trim().split(/\s/)[0] ?? '') })
        break
      case 'bullet_list_open':
      case 'ordered_list_open': {
        const close = token.type.replace('open', 'close')
        const items: Block[][] = []
        while (tokens[at.i]?.type === 'list_item_open') {
          at.i++
          items.push(readBlocks(tokens, at, 'list_item_close'))
        }
        if (tokens[at.i]?.type === close) at.i++
        blocks.push({ kind: 'list', first: token.type === 'ordered_list_open' ? Number(token.attrGet('start') ?? 1) : null, items })
        break
      }
      case 'blockquote_open':
        blocks.push({ kind: 'quote', blocks: readBlocks(tokens, at, 'blockquote_close') })
        break
      case 'table_open':
        blocks.push({ kind: 'table', rows: readRows(tokens, at) })
        break
      case 'hr':
        blocks.push({ kind: 'rule' })
        break
      default:
        if (token.content !== '') blocks.push({ kind: 'paragraph', content: plain(token.content) })
    }
  }
  return blocks
}

const readRows = (tokens: readonly Token[], at: { i: number }): TableRow[] => {
  const rows: { head: boolean, cells: Inline[][] }[] = []
  for (; at.i < tokens.length; at.i++) {
    const token = tokens[at.i]!
    if (token.type === 'table_close') {
      at.i++
      return rows
    }
    if (token.type === 'tr_open') rows.push({ head: tokens[at.i + 1]?.type === 'th_open', cells: [] })
    if (token.type === 'inline') rows.at(-1)?.cells.push(inlinesOf(token, rows.at(-1)?.head ? 'bold' : undefined))
  }
  return rows
}

/** Plain text, as one paragraph's content. */
export const plain = (text: string, color: string = ink.text, face: Face = 'DejaVuSans'): Inline[] => [{ text, face, color }]

const inlinesOf = (inline: Token, base?: 'bold'): Inline[] => {
  const out: Inline[] = []
  let bold = base === 'bold' ? 1 : 0
  let italic = 0
  let link: string | undefined
  const push = (text: string, face: Face = faceOf(bold > 0, italic > 0)) => {
    if (text !== '') out.push({ text, face, color: link === undefined ? ink.text : ink.link, ...(link === undefined ? {} : { link }) })
  }
  for (const token of inline.children ?? []) {
    switch (token.type) {
      case 'strong_open': bold++; break
      case 'strong_close': bold--; break
      case 'em_open': italic++; break
      case 'em_close': italic--; break
      case 'link_open': {
        const href = String(token.attrGet('href') ?? '')
        link = /^(https?|mailto):/i.test(href) ? href : undefined
        break
      }
      case 'link_close': link = undefined; break
      case 'code_inline': push(token.content, bold > 0 ? 'DejaVuSansMono-Bold' : 'DejaVuSansMono'); break
      case 'image': push(`[${token.content || 'image'}: ${token.attrGet('src') ?? ''}]`); break
      // In a chat a new line is meant as one.
      case 'softbreak':
      case 'hardbreak': push('\n'); break
      default: push(token.content)
    }
  }
  return out
}

const faceOf = (bold: boolean, italic: boolean): Face =>
  bold ? (italic ? 'DejaVuSans-BoldOblique' : 'DejaVuSans-Bold') : italic ? 'DejaVuSans-Oblique' : 'DejaVuSans'

/** Colours of code, each at least 4.5:1 on the grey behind it. */
const codeColors: Readonly<Record<string, string>> = {
  'hljs-keyword': '0.45 0.12 0.5', 'hljs-built_in': '0.1 0.32 0.55', 'hljs-type': '0.1 0.32 0.55', 'hljs-literal': '0.1 0.32 0.55',
  'hljs-number': '0.55 0.2 0.05', 'hljs-string': '0.1 0.38 0.15', 'hljs-regexp': '0.1 0.38 0.15', 'hljs-comment': '0.38 0.38 0.42',
  'hljs-title': '0.1 0.25 0.62', 'hljs-attr': '0.1 0.25 0.62', 'hljs-name': '0.45 0.12 0.5', 'hljs-meta': '0.38 0.38 0.42',
  'hljs-addition': '0.1 0.38 0.15', 'hljs-deletion': '0.62 0.1 0.1', 'hljs-variable': '0.55 0.2 0.05', 'hljs-symbol': '0.55 0.2 0.05',
}

/** Longer code is left uncoloured: nobody reads it for its colours. */
const mostHighlighted = 20_000

/** Colours code, line by line. */
const highlight = (code: string, language: string): Inline[][] => {
  const text = code.replace(/\n$/, '').replaceAll('\t', '    ')
  const lines: Inline[][] = [[]]
  const push = (piece: string, color: string) => {
    for (const [i, line] of piece.split('\n').entries()) {
      if (i > 0) lines.push([])
      if (line !== '') lines.at(-1)!.push({ text: line, face: 'DejaVuSansMono', color })
    }
  }
  if (language === '' || text.length > mostHighlighted || !hljs.getLanguage(language)) {
    push(text, ink.text)
    return lines
  }
  const html = hljs.highlight(text, { language, ignoreIllegals: true }).value
  const colors: string[] = [ink.text]
  for (const [, tag, classes = '', rest = ''] of html.matchAll(/<(\/?)span(?: class="([^"]*)")?>|([^<]+)/g)) {
    if (rest !== '') push(unescape(rest), colors.at(-1)!)
    else if (tag === '/') colors.pop()
    else colors.push(codeColors[classes.split(' ')[0]!] ?? colors.at(-1)!)
  }
  return lines
}

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#x27;': "'" }
const unescape = (html: string): string => html.replaceAll(/&(?:amp|lt|gt|quot|#x27);/g, entity => entities[entity]!)
