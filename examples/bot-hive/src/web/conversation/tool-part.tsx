import { Icon, type IconName } from '../design/icon.tsx'
import type { MessagePart } from '../state/view.ts'
import { ScrollArea } from '../design/scroll-area.tsx'

type Tool = Extract<MessagePart, { type: 'tool' }>

const looks: Record<Tool['status'], { readonly icon: IconName; readonly text: string }> = {
  pending: { icon: 'clock', text: 'Waiting' },
  in_progress: { icon: 'dots', text: 'Running' },
  completed: { icon: 'check', text: 'Done' },
  failed: { icon: 'cross', text: 'Failed' },
}

/** A tool the bot used, and what it gave back. */
export const ToolPart = ({ part }: { readonly part: Tool }) => {
  const { icon, text } = looks[part.status]
  const head = (
    <>
      <Icon name={icon} className={`tool-icon ${part.status}`} />
      <span className="tool-title">{part.title}</span>
      <span className="tool-status">{text}</span>
    </>
  )
  if (!part.text) return <div className="tool"><div className="tool-head">{head}</div></div>
  return (
    <details className="tool">
      <summary className="tool-head">{head}<Icon name="chevron" className="fold" /></summary>
      <ScrollArea label={`Result of ${part.title}`}><pre>{part.text}</pre></ScrollArea>
    </details>
  )
}
