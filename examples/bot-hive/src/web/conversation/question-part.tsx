import { useState } from 'react'
import { useHive } from '../app/context.ts'
import { Icon } from '../design/icon.tsx'
import { ProblemNote } from '../design/problem-note.tsx'
import type { Problem } from '../server/problem.ts'
import type { MessagePart } from '../state/view.ts'

type Question = Extract<MessagePart, { type: 'question' }>

export interface QuestionPartProps {
  readonly part: Question
  readonly sessionId: string
  /** Whether the bot still waits for the answer. */
  readonly open: boolean
}

/** Something the bot asks before it goes on. */
export const QuestionPart = ({ part, sessionId, open }: QuestionPartProps) => {
  const hive = useHive()
  const [chosen, setChosen] = useState<string>()
  const [problem, setProblem] = useState<Problem>()

  const choose = async (optionId: string) => {
    if (chosen) return
    setChosen(optionId)
    setProblem(undefined)
    const outcome = await hive.answer(sessionId, part.id, optionId)
    if (outcome.ok) return
    setChosen(undefined)
    setProblem(outcome.problem)
  }

  const answer = part.options.find(option => option.id === part.answer)
  return (
    <fieldset className="question">
      <legend>{part.title}</legend>
      {part.answer !== undefined || !open
        ? (
          <p className="question-answer">
            <Icon name={answer ? 'check' : 'cross'} />{answer ? answer.name : 'Not answered'}
          </p>
        )
        : (
          <div className="question-options">
            {part.options.map(option => (
              <button
                key={option.id} type="button" aria-disabled={chosen !== undefined}
                className={option.kind.startsWith('allow') ? 'primary' : ''} onClick={() => void choose(option.id)}
              >
                {chosen === option.id ? `${option.name}…` : option.name}
              </button>
            ))}
          </div>
        )}
      {problem && <ProblemNote what="The answer did not reach the bot." problem={problem} />}
    </fieldset>
  )
}
