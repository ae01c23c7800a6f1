import { useRef, useState } from 'react'
import { useHive } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Problem } from '../server/problem.ts'
import type { Session } from '../state/view.ts'

export interface DeleteSessionProps {
  readonly session: Session
  readonly onDeleted: () => void
}

/** Deletes a session, once it was said twice. */
export const DeleteSession = ({ session, onDeleted }: DeleteSessionProps) => {
  const hive = useHive()
  const dialog = useRef<HTMLDialogElement>(null)
  const [deleting, setDeleting] = useState(false)
  const [problem, setProblem] = useState<Problem>()

  const open = () => {
    setProblem(undefined)
    dialog.current?.showModal()
  }
  const remove = async () => {
    if (deleting) return
    setDeleting(true)
    const outcome = await hive.deleteSession(session)
    setDeleting(false)
    if (!outcome.ok) return setProblem(outcome.problem)
    dialog.current?.close()
    onDeleted()
  }

  return (
    <>
      <button type="button" className="quiet icon-only" aria-label="Delete session" title="Delete session" onClick={open}>
        <Icon name="trash" />
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="delete-title" aria-describedby="delete-text">
        <h2 id="delete-title">Delete this session?</h2>
        <p id="delete-text">
          “{session.title || 'Untitled'}” and its {session.messageCount === 1 ? 'message' : `${session.messageCount} messages`} will
          be gone. This cannot be undone.
        </p>
        {problem && <ProblemNote what="It was not deleted." problem={problem} />}
        <div className="dialog-actions">
          <button type="button" onClick={() => dialog.current?.close()}>Keep it</button>
          <button type="button" className="danger" aria-disabled={deleting} onClick={() => void remove()}>
            {deleting ? 'Deleting…' : 'Delete'}
          </button>
        </div>
      </dialog>
    </>
  )
}
