import { memo, useDeferredValue, useState } from 'react'
import { CodeBlock } from './code-block.tsx'
import { growMarkdown, type Block } from './blocks.ts'
import { elementsOf } from './elements.ts'
import { parser } from './parser.ts'
import './markdown.css'

const parts = { Code: CodeBlock }

const BlockView = memo(({ block }: { readonly block: Block }) => elementsOf(block.tokens, parts))

/** Shows Markdown; in what a person typed, a new line is a new line. While the text grows, only the blocks at its end are parsed and rendered again. */
const Markdown = memo(({ text, typed = false }: { readonly text: string; readonly typed?: boolean }) => {
  const [document] = useState(() => growMarkdown(parser))
  // Where a reply comes faster than it can be shown, what is between is left out, and the page goes on answering.
  const shown = useDeferredValue(text)
  return (
    <div className={typed ? 'markdown typed' : 'markdown'}>
      {document.update(shown).map(block => <BlockView key={block.key} block={block} />)}
    </div>
  )
})

export default Markdown
