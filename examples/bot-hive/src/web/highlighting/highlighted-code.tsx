import { useEffect, useState } from 'react'
import { highlight } from './highlighter.ts'
import type { Piece } from './pieces.ts'
import './highlighting.css'

interface Coloured { readonly code: string; readonly pieces: readonly Piece[] }

/** Code in colours once they are there. While it grows, what was coloured stays so and the rest is plain. */
export const HighlightedCode = ({ code, language }: { readonly code: string; readonly language: string }) => {
  const [coloured, setColoured] = useState<Coloured>({ code: '', pieces: [] })
  useEffect(() => {
    let stop = () => {}
    const timer = setTimeout(() => {
      stop = highlight(code, language, pieces => setColoured({ code, pieces }))
    }, 50)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [code, language])

  if (!code.startsWith(coloured.code)) return <code>{code}</code>
  return (
    <code>
      {/* oxlint-disable-next-line react/no-array-index-key -- a piece is its place */}
      {coloured.pieces.map((piece, i) => (piece.kind ? <span key={i} className={`code-${piece.kind}`}>{piece.text}</span> : piece.text))}
      {code.slice(coloured.code.length)}
    </code>
  )
}
