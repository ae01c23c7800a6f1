import { Icon } from '../design/icon.tsx'

/** What the bot thought on the way: there for who wants it. */
export const ThoughtPart = ({ text }: { readonly text: string }) => (
  <details className="thought">
    <summary><Icon name="chevron" className="fold" />Thoughts</summary>
    <div className="plain-text">{text}</div>
  </details>
)
