import type { Env, MarkdownIt, Token } from 'markdown-it'

/** One block at the top of a text. While it is the same object, what it looks like is the same. */
export interface Block {
  /** Where it starts, which never changes once it has started. */
  readonly key: number
  readonly source: string
  readonly tokens: readonly Token[]
}

/** A text that grows, parsed as it does. */
export interface GrowingMarkdown {
  /** The blocks of a text. When it begins with the last one, only its tail is parsed. */
  readonly update: (text: string) => readonly Block[]
}

interface Span { readonly tokens: Token[]; readonly startLine: number }

/** Splits a list of tokens at the blocks of level 0. */
const spansOf = (tokens: readonly Token[]): Span[] => {
  const spans: { tokens: Token[]; startLine: number }[] = []
  for (const token of tokens) {
    const opens = token.level === 0 && token.nesting >= 0
    if (opens || spans.length === 0) spans.push({ tokens: [], startLine: token.map?.[0] ?? 0 })
    spans.at(-1)?.tokens.push(token)
  }
  return spans
}

/** The offset at which each line starts. markdown-it counts \r\n and \r as line ends too. */
const lineStarts = (text: string) => {
  const starts = [0]
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length)
  return starts
}

/**
 * Parses a text that grows at its end without parsing all of it each time.
 *
 * A block is settled once two more have begun after it: where a block begins can depend on the line after
 * (a table, a heading underlined), never on anything later. What is settled is not parsed again. A text that
 * defines links for use elsewhere in it is the exception: nothing in it is ever settled.
 */
export const growMarkdown = (parser: MarkdownIt): GrowingMarkdown => {
  let settled: readonly Block[] = []
  let settledTo = 0
  let definitions = ''
  let last = ''
  let shown: readonly Block[] = []

  const restart = () => {
    settled = []
    settledTo = 0
  }

  const parse = (text: string) => {
    const env: Env = {}
    const tokens = parser.parse(text.slice(settledTo), env)
    return { tokens, defined: env.references ? JSON.stringify(env.references) : '' }
  }

  return {
    update: text => {
      if (text === last && shown.length > 0) return shown
      if (!text.startsWith(last) || definitions) restart()
      last = text
      let { tokens, defined } = parse(text)
      if (defined && settledTo > 0) {
        restart()
        ;({ tokens, defined } = parse(text))
      }
      const known = new Map(defined === definitions ? shown.slice(settled.length).map(block => [block.key, block]) : [])
      definitions = defined
      const starts = lineStarts(text.slice(settledTo))
      const spans = spansOf(tokens)
      const offset = (span: Span | undefined) => (span ? settledTo + (starts[span.startLine] ?? 0) : text.length)
      const blocks = spans.map((span, i): Block => {
        const key = offset(span)
        const source = text.slice(key, offset(spans[i + 1]))
        const before = known.get(key)
        return before?.source === source ? before : { key, source, tokens: span.tokens }
      })
      shown = [...settled, ...blocks]
      const keep = blocks.at(-2)
      if (blocks.length > 2 && keep && !defined) {
        settled = shown.slice(0, -2)
        settledTo = keep.key
      }
      return shown
    },
  }
}
