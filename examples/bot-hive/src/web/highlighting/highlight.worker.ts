import bash from 'highlight.js/lib/languages/bash'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import ini from 'highlight.js/lib/languages/ini'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import python from 'highlight.js/lib/languages/python'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { createLowlight } from 'lowlight'
import { piecesOf, type Piece } from './pieces.ts'

/*
 * Colours code beside the page, which goes on answering meanwhile. It receives `{ id, code, language }` and answers
 * `{ id, pieces }`; a language that it does not know is one piece.
 */

export interface HighlightRequest { readonly id: number; readonly code: string; readonly language: string }
export interface HighlightAnswer { readonly id: number; readonly pieces: readonly Piece[] }

const lowlight = createLowlight({
  bash, css, diff, go, ini, java, javascript, json, python, rust, sql, typescript, xml, yaml,
})
lowlight.registerAlias({ bash: ['sh', 'shell', 'console', 'zsh'], ini: ['toml', 'conf'], javascript: ['jsonc'], yaml: ['yml'] })

addEventListener('message', ({ data }: MessageEvent<HighlightRequest>) => {
  const { id, code, language } = data
  const name = language.toLowerCase()
  const pieces: readonly Piece[] = lowlight.registered(name) ? piecesOf(lowlight.highlight(name, code)) : [{ text: code }]
  const answer: HighlightAnswer = { id, pieces }
  postMessage(answer)
})
