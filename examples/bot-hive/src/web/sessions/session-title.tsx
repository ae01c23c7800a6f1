import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { useHive } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import type { Problem } from '../server/problem.ts'
import type { Session } from '../state/view.ts'

/** The name of the open session, and a way to give it another. */
export const SessionTitle = ({ session }: { readonly session: Session }) => {
  const hive = useHive()
  const [editing, setEditing] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const input = useRef<HTMLInputElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const wasEditing = useRef(false)

  useEffect(() => {
    if (editing) input.current?.select()
    else if (wasEditing.current) button.current?.focus()
    wasEditing.current = editing
  }, [editing])

  const save = async (event: FormEvent) => {
    event.preventDefault()
    const title = input.current?.value.trim() ?? ''
    if (title === '' || title === session.title) return setEditing(false)
    const outcome = await hive.renameSession(session.id, title)
    setProblem(outcome.ok ? undefined : outcome.problem)
    if (outcome.ok) setEditing(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    setEditing(false)
    setProblem(undefined)
  }

  if (editing) {
    return (
      <form className="rename" onSubmit={event => void save(event)}>
        <h2 id="place-title" className="visually-hidden" tabIndex={-1}>{session.title || 'Untitled'}</h2>
        <label className="visually-hidden" htmlFor="rename-title">Title of the session</label>
        <input
          id="rename-title" ref={input} defaultValue={session.title} maxLength={200} autoComplete="off"
          aria-invalid={problem !== undefined} aria-describedby={problem ? 'rename-problem' : undefined} onKeyDown={onKeyDown}
        />
        <button type="submit" className="primary icon-only" aria-label="Save title" title="Save (Enter)"><Icon name="check" /></button>
        <button type="button" className="icon-only" aria-label="Keep the old title" title="Keep the old title (Esc)" onClick={() => setEditing(false)}>
          <Icon name="cross" />
        </button>
        {problem && <p id="rename-problem" className="field-problem" role="alert">{problem.detail}</p>}
      </form>
    )
  }
  return (
    <div className="title-row">
      <h2 id="place-title" className="place-title" tabIndex={-1}>{session.title || 'Untitled'}</h2>
      <button
        type="button" ref={button} className="quiet icon-only" aria-label="Rename session" title="Rename session"
        onClick={() => setEditing(true)}
      >
        <Icon name="pencil" />
      </button>
    </div>
  )
}
