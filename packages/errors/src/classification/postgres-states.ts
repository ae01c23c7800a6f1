import { outcome, outcomeTable, type Classification } from './classification.ts'

/** SQLSTATEs that mean something else than their class (PostgreSQL documentation, appendix A). */
const byState = outcomeTable([
  ['unavailable', 'transient', '08001 08004 25006 55006 55P03 57P03 57P05'],
  ['invalid_argument', 'permanent', '23502 23514'],
  ['conflict', 'permanent', '23503 23505 23P01'],
  ['timeout', 'transient', '25P03 25P04'],
  ['dependency_failed', 'ambiguous', '40003 57P01 57P02'],
  ['forbidden', 'permanent', '42501'],
  ['storage_full', 'permanent', '53100'],
  ['cancelled', 'permanent', '57014'],
  ['data_corrupt', 'permanent', 'XX001 XX002'],
])

/** The classes, the first two characters. A class that is missing here speaks of the program's own SQL: a bug. */
const byClass = outcomeTable([
  ['dependency_failed', 'ambiguous', '08 58 XX HV'],
  ['unsupported', 'permanent', '0A'],
  ['invalid_argument', 'permanent', '22 P0 44'],
  ['conflict', 'permanent', '23'],
  ['unauthenticated', 'permanent', '28'],
  ['not_found', 'permanent', '3D 3F'],
  ['conflict', 'transient', '40 55'],
  ['capacity_exceeded', 'throttled', '53'],
  ['too_large', 'permanent', '54'],
  ['unavailable', 'transient', '57 72'],
])

const sqlState = /^[0-9A-Z]{5}$/

/** Classifies a PostgreSQL error by its SQLSTATE; undefined when that is not one. */
export const postgresOutcome = (state: string, message: unknown): Classification | undefined => {
  if (!sqlState.test(state)) return undefined
  // A statement timeout and a cancel from outside share one state; either way the statement was rolled back.
  if (state === '57014' && String(message).includes('timeout')) return outcome('timeout', 'transient')
  return byState.get(state) ?? byClass.get(state.slice(0, 2)) ?? outcome('internal')
}
