import type { ReactNode } from 'react'
import type { Problem } from '../server/problem.ts'
import { Icon } from './icon.tsx'

export interface ProblemNoteProps {
  /** What was not done: “The sessions could not be read.” */
  readonly what: string
  readonly problem: Problem
  /** What a person can do about it. */
  readonly children?: ReactNode
}

/** Says what went wrong where it did, why, and what can be done. */
export const ProblemNote = ({ what, problem, children }: ProblemNoteProps) => (
  <div className="problem" role="alert">
    <Icon name="warning" />
    <p><strong>{what}</strong> {problem.detail}</p>
    {children && <div className="problem-actions">{children}</div>}
  </div>
)
