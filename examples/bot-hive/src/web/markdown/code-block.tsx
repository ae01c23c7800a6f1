import { useEffect, useState } from 'react'
import { Icon } from '../design/icon.tsx'
import { HighlightedCode } from '../highlighting/highlighted-code.tsx'
import { ScrollArea } from '../design/scroll-area.tsx'

export interface CodeBlockProps {
  readonly code: string
  /** As the fence named it; may be empty. */
  readonly language: string
}

/** Code as it was written, with its language and a way to copy it. */
export const CodeBlock = ({ code, language }: CodeBlockProps) => {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])

  const copy = () => void navigator.clipboard.writeText(code).then(() => setCopied(true), () => setCopied(false))
  const label = language || 'text'
  return (
    <figure className="code-block">
      <figcaption>
        <span>{label}</span>
        <button type="button" className="quiet small" onClick={copy} aria-label={copied ? 'Copied' : `Copy ${label} code`}>
          <Icon name={copied ? 'check' : 'copy'} />
          <span aria-hidden="true">{copied ? 'Copied' : 'Copy'}</span>
        </button>
      </figcaption>
      <ScrollArea label={`Code, ${label}`}><pre><HighlightedCode code={code.replace(/\n$/, '')} language={language} /></pre></ScrollArea>
    </figure>
  )
}
