import { memo, useState } from 'react'
import { CodeBlock } from './code-block.tsx'
import { growMarkdown, type Block } from './blocks.ts'
import { elementsOf } from './elements.ts'
import { parser, typedParser } from './parser.ts'
import './markdown.css'

const parts = { Code: CodeBlock }

const BlockView = memo(({ block }: { readonly block: Block }) => elementsOf(block.tokens, parts))

/** Shows Markdown. While the text grows, only the blocks at its end are parsed and rendered again. */
const Markdown = memo(({ text, typed = false }: { readonly text: string; readonly typed?: boolean }) => {
  const [document] = useState(() => growMarkdown(typed ? typedParser : parser))
  return (
    <div className="markdown">
      {document.update(text).map(block => <BlockView key={block.key} block={block} />)}
    </div>
  )
})

export default Markdown
