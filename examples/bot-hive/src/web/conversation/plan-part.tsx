import { Icon, type IconName } from '../design/icon.tsx'
import type { MessagePart } from '../state/view.ts'

type Plan = Extract<MessagePart, { type: 'plan' }>
type Status = Plan['entries'][number]['status']

const looks: Record<Status, { readonly icon: IconName; readonly text: string }> = {
  pending: { icon: 'clock', text: 'to do' },
  in_progress: { icon: 'dots', text: 'in progress' },
  completed: { icon: 'check', text: 'done' },
}

/** What the bot means to do, and how far it is. */
export const PlanPart = ({ part }: { readonly part: Plan }) => {
  const done = part.entries.filter(entry => entry.status === 'completed').length
  return (
    <fieldset className="plan" aria-label="Plan">
      <p className="plan-head">Plan <span>{done} of {part.entries.length} done</span></p>
      <progress value={done} max={Math.max(1, part.entries.length)} aria-label="Plan, done" />
      <ol>
        {part.entries.map((entry, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- a plan is replaced as a whole, its steps have no other name
          <li key={i} className={entry.status}>
            <Icon name={looks[entry.status].icon} />
            <span>{entry.text}<span className="visually-hidden">, {looks[entry.status].text}</span></span>
          </li>
        ))}
      </ol>
    </fieldset>
  )
}
