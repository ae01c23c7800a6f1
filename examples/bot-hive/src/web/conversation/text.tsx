import { lazy, Suspense } from 'react'

const load = () => import('../markdown/markdown.tsx')
const Markdown = lazy(load)

/** Fetches what renders Markdown while the first messages are still on their way. */
export const preloadMarkdown = () => void load()

/** A text of a message: as it was written until Markdown can be rendered. */
export const Text = ({ text, typed = false }: { readonly text: string; readonly typed?: boolean }) => (
  <Suspense fallback={<div className="plain-text">{text}</div>}>
    <Markdown text={text} typed={typed} />
  </Suspense>
)
