import fc from 'fast-check'
import { createElement, type ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { growMarkdown } from '../src/web/markdown/blocks.ts'
import { elementsOf } from '../src/web/markdown/elements.ts'
import { parser } from '../src/web/markdown/parser.ts'

const parts = {
  Code: ({ code, language }: { code: string; language: string }) => createElement('pre', { 'data-language': language }, code),
}
const html = (node: ReactNode) => renderToStaticMarkup(createElement('div', null, node)).slice(5, -6)
const render = (text: string) => html(elementsOf(parser.parse(text, {}), parts))
const renderGrowing = (pieces: readonly string[]) => {
  const growing = growMarkdown(parser)
  let text = ''
  let shown = ''
  for (const piece of pieces) {
    text += piece
    shown = growing.update(text).map(block => html(elementsOf(block.tokens, parts))).join('')
  }
  return shown
}

describe('Markdown becomes elements', () => {
  test.each([
    ['**a** *b* `c` ~~d~~', '<p><strong>a</strong> <em>b</em> <code>c</code> <s>d</s></p>'],
    ['# A\n\n## B', '<h3>A</h3><h4>B</h4>'],
    ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    ['- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
    ['- [x] a\n- [ ] b', '<ul><li><input type="checkbox" disabled="" readOnly="" aria-label="done" checked=""/>a</li><li><input type="checkbox" disabled="" readOnly="" aria-label="to do"/>b</li></ul>'],
    ['> a', '<blockquote><p>a</p></blockquote>'],
    ['```ts\nx < 1\n```', '<pre data-language="ts">x &lt; 1\n</pre>'],
    ['a\n\n---', '<p>a</p><hr/>'],
    ['[a](https://x.org "t")', '<p><a href="https://x.org" title="t" target="_blank" rel="noopener noreferrer">a</a></p>'],
    ['https://x.org/a', '<p><a href="https://x.org/a" target="_blank" rel="noopener noreferrer">https://x.org/a</a></p>'],
    ['a  \nb', '<p>a<br/>b</p>'],
    ['&amp; &copy; \\*', '<p>&amp; © *</p>'],
  ])('%j', (text, expected) => expect(render(text)).toBe(expected))

  test('with tables, aligned', () => {
    const table = render('| a | b |\n| :-: | --: |\n| 1 | 2 |')
    expect(table).toContain('<th style="text-align:center" scope="col">a</th>')
    expect(table).toContain('<td style="text-align:right">2</td>')
  })

  test('and the end of a line is kept', () => {
    expect(render('a\nb')).toBe('<p>a\nb</p>')
  })
})

describe('nothing that is written runs or is fetched', () => {
  const attacks = [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<svg/onload=alert(1)>', '<iframe src="javascript:alert(1)">',
    '[a](javascript:alert(1))', '[a](JaVaScRiPt:alert(1))', '[a](&#106;avascript:alert(1))', '[a](java\tscript:alert(1))',
    '[a](data:text/html,<script>alert(1)</script>)', '[a](vbscript:msgbox)', '[a](file:///etc/passwd)', '[a](blob:https://x)',
    '![a](javascript:alert(1))', '![a](data:image/svg+xml,<svg onload=alert(1)>)', '![a](https://evil.example/p.png)',
    '<javascript:alert(1)>', '[x]: javascript:alert(1)\n\n[x]', '[a](https://x" onmouseover="alert(1))', '`<b onclick=1>`',
    '# <style>body{display:none}</style>', '| <b onclick=1> |\n| --- |\n| <i style=x> |', '<a href="https://x" style="position:fixed">a</a>',
    '```"><script>alert(1)</script>\nx\n```', '[a](//evil.example)', '[a](/api/bots)', '<!-- --><base href=//evil>',
  ]
  const tagsOf = (markup: string) => [...markup.matchAll(/<([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*\/?>/g)]
  const allowed = new Set(['p', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'table', 'thead', 'tbody', 'tr', 'th', 'td',
    'em', 'strong', 's', 'a', 'code', 'pre', 'hr', 'br', 'input', 'div'])
  const check = (text: string) => {
    for (const [, tag = '', attributes = ''] of tagsOf(render(text))) {
      expect(allowed).toContain(tag)
      expect(attributes).not.toMatch(/\s(?:on\w+|src|srcset|formaction)=/i)
      const href = /\shref="([^"]*)"/.exec(attributes)?.[1]
      if (href !== undefined) expect(href).toMatch(/^(?:https?:|mailto:|tel:|#)/i)
    }
  }
  test.each(attacks)('%s', check)

  test('whatever is put together', () => {
    const piece = fc.constantFrom(...attacks, '[', ']', '(', ')', '<', '>', '"', '\n', '`', '!', 'javascript:', 'https://a.b', ' on', '=', '&#', ';')
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')), check), { numRuns: 300 })
  })

  test('and an image from elsewhere is a link to it', () => {
    expect(render('![a cat](https://x.org/cat.png)')).toBe('<p><a href="https://x.org/cat.png" class="markdown-image" target="_blank" rel="noopener noreferrer">Image: a cat</a></p>')
  })
})

describe('a text that grows', () => {
  const line = fc.constantFrom(
    'word', 'two words', '# head', '- item', '  more', '    code', '1. one', '> quote', '```', '```js', '| a | b |', '| - | - |', '---', '===',
    '***', '', '', '[ref]: https://x.org', '[ref] used', '**bold', 'bold**', '+ plus', '\tx', '&copy;', '<b>', '* * *', '~~~', 'a  ',
  )
  test('looks at its end as if it had come at once, wherever it was cut', () => {
    fc.assert(fc.property(fc.array(line, { maxLength: 14 }), fc.array(fc.integer({ min: 1, max: 7 })), (lines, cuts) => {
      const text = lines.join('\n')
      const pieces: string[] = []
      let at = 0
      for (const cut of cuts) {
        pieces.push(text.slice(at, at + cut))
        at += cut
      }
      pieces.push(text.slice(at))
      expect(renderGrowing(pieces)).toBe(render(text))
    }), { numRuns: 600 })
  })

  test('keeps the blocks that are settled as they are', () => {
    const growing = growMarkdown(parser)
    const before = growing.update('one\n\ntwo\n\nthree')
    const after = growing.update('one\n\ntwo\n\nthree and more')
    expect(after[0]).toBe(before[0])
    expect(after[1]).toBe(before[1])
    expect(after[2]).not.toBe(before[2])
  })

  test('of ten thousand tokens costs little more than its length once', () => {
    const text = Array.from({ length: 1_000 }, (_, i) => `Paragraph ${i} says **something** of no weight at all.`).join('\n\n')
    const pieces = text.match(/\S*\s*/g) ?? []
    let parsed = 0
    const counting = Object.create(parser, { parse: { value: (tail: string, env: Record<string, unknown>) => {
      parsed += tail.length
      return parser.parse(tail, env)
    } } }) as typeof parser
    const growing = growMarkdown(counting)
    let so = ''
    for (const piece of pieces) growing.update(so += piece)
    // Counted in characters parsed, not in time: each piece parses the two or three blocks at the end.
    expect(parsed / pieces.length).toBeLessThan(200)
  })

  test('that becomes another text is parsed anew', () => {
    const growing = growMarkdown(parser)
    growing.update('one\n\ntwo\n\nthree\n\nfour')
    expect(growing.update('# other').map(block => html(elementsOf(block.tokens, parts))).join('')).toBe('<h3>other</h3>')
  })
})
