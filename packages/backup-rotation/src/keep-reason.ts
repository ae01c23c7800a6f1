import type { CalendarUnit } from './calendar-key.ts'

/** Why one rule of a policy keeps a backup. */
export interface KeepReason {
  /** The rule. */
  readonly rule: 'tags' | 'within' | 'last' | CalendarUnit | `within ${CalendarUnit}`
  /** The rule in words, as restic or borg puts it: `daily snapshot`, `weekly within 30d`. */
  readonly text: string
  /** Which of the rule's bucket it fills, from 1; 0 for a rule that does not count. */
  readonly position: number
  /** Kept only as the oldest there is while the rule had room left. */
  readonly oldest: boolean
}
