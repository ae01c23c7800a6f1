import type { Token } from 'markdown-it'
import { createElement, Fragment, type ComponentType, type ReactNode } from 'react'

/** What a renderer needs from the page: everything else becomes plain elements. */
export interface MarkdownParts {
  readonly Code: ComponentType<{ readonly code: string; readonly language: string }>
}

type Props = Record<string, unknown>
/** An element that is still open: its children are gathered until it closes. */
interface Frame { readonly tag: string; readonly props: Props; readonly children: ReactNode[] }

/** Headings of a message lie under those of the page. */
const lowered: Record<string, string> = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' }

/** Nothing but these ever becomes an element. */
const tags = new Set([
  'p', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'table', 'thead', 'tbody', 'tr', 'th', 'td',
  'em', 'strong', 's', 'a',
])

const attribute = (token: Token, name: string) => token.attrGet(name)?.toString()

const propsOf = (token: Token): Props => {
  if (token.type === 'link_open') {
    const href = attribute(token, 'href') ?? ''
    return { href, title: attribute(token, 'title'), target: '_blank', rel: 'noopener noreferrer' }
  }
  if (token.type === 'ordered_list_open') {
    const start = attribute(token, 'start')
    return start === undefined ? {} : { start: Number(start) }
  }
  if (token.type === 'th_open' || token.type === 'td_open') {
    const align = /text-align:(left|center|right)/.exec(attribute(token, 'style') ?? '')?.[1]
    return { ...(align ? { style: { textAlign: align } } : {}), ...(token.type === 'th_open' ? { scope: 'col' } : {}) }
  }
  return {}
}

/** A picture from elsewhere would tell its server who reads this and when: it becomes a link. */
const imageLink = (token: Token, key: number): ReactNode => {
  const src = attribute(token, 'src') ?? ''
  const name = token.content || src
  return createElement('a', {
    key, href: src, className: 'markdown-image', target: '_blank', rel: 'noopener noreferrer',
  }, `Image: ${name}`)
}

const leaf = (token: Token, key: number, parts: MarkdownParts): ReactNode => {
  switch (token.type) {
    case 'text':
    case 'html_inline':
    case 'html_block':
      return token.content
    case 'softbreak':
      return '\n'
    case 'hardbreak':
      return createElement('br', { key })
    case 'hr':
      return createElement('hr', { key })
    case 'code_inline':
      return createElement('code', { key }, token.content)
    case 'fence':
    case 'code_block':
      return createElement(parts.Code, { key, code: token.content, language: token.info.trim().split(/\s+/)[0] ?? '' })
    case 'image':
      return imageLink(token, key)
    default:
      return token.content
  }
}

const task = /^\[([ xX])\][ \t]+/

/** Takes `[x]` off the front of a list item and answers its box (GitHub's task lists). */
const takeTask = (tokens: readonly Token[], at: number): ReactNode => {
  const inline = tokens[at + 1]?.type === 'paragraph_open' ? tokens[at + 2] : undefined
  const first = inline?.children?.[0]
  const found = first?.type === 'text' ? task.exec(first.content) : null
  if (!first || !found) return null
  return createElement('input', {
    key: 'task', type: 'checkbox', checked: found[1] !== ' ', disabled: true, readOnly: true,
    'aria-label': found[1] === ' ' ? 'to do' : 'done',
  })
}

/** Makes React elements of Markdown's tokens. Strings reach the page as text only: there is no HTML to escape. */
export const elementsOf = (tokens: readonly Token[], parts: MarkdownParts): ReactNode => {
  const root: Frame = { tag: '', props: {}, children: [] }
  const open: Frame[] = [root]
  const add = (node: ReactNode) => void open.at(-1)?.children.push(node)
  let nextIsTask = false

  const walk = (list: readonly Token[]) => {
    for (const [i, token] of list.entries()) {
      if (token.type === 'inline') {
        const children = token.children ?? []
        if (nextIsTask && children[0]) add(children[0].content.replace(task, ''))
        walk(nextIsTask ? children.slice(1) : children)
        nextIsTask = false
      } else if (token.hidden) {
        continue // the paragraphs of a tight list
      } else if (token.nesting === 1) {
        open.push({ tag: token.tag, props: { key: i, ...propsOf(token) }, children: [] })
        if (token.type === 'list_item_open') {
          const box = takeTask(list, i)
          if (box) {
            add(box)
            nextIsTask = true
          }
        }
      } else if (token.nesting === -1) {
        const frame = open.pop()
        if (frame) add(close(frame))
      } else {
        add(leaf(token, i, parts))
      }
    }
  }
  walk(tokens)
  while (open.length > 1) {
    const frame = open.pop()
    if (frame) add(close(frame))
  }
  return createElement(Fragment, null, ...root.children)
}

const close = ({ tag, props, children }: Frame): ReactNode => {
  if (!tags.has(tag)) return createElement(Fragment, { key: props.key as number }, ...children)
  const element = createElement(lowered[tag] ?? tag, props, ...children)
  // Wide tables scroll by themselves; so that a keyboard can scroll them, they can have the focus.
  return tag === 'table'
    ? createElement('div', {
      key: props.key as number, className: 'markdown-table', role: 'group', 'aria-label': 'Table', tabIndex: 0,
    }, element)
    : element
}
