import { errorCodes, type ErrorCode, type ErrorKind } from '../error-codes.ts'

/**
 * What is counted, in the order of its slots; the failures by kind and by code follow. A run ends in one of: succeeded (without any
 * failure), recovered, gaveUp (nothing helped), failed (with an error that no recovery is for), cancelled.
 */
const counted = [
  'runs', 'attempts', 'succeeded', 'recoveredByRetry', 'recoveredByHedge', 'recoveredByFallback', 'recoveredByDegrade', 'gaveUp', 'failed',
  'cancelled', 'refusedByBreaker', 'refusedByBulkhead', 'budgetExhausted', 'breakerOpened', 'breakerHalfOpened', 'breakerClosed',
] as const

type Counted = (typeof counted)[number]

const kinds = ['transient', 'throttled', 'permanent', 'ambiguous', 'bug'] as const satisfies readonly ErrorKind[]
const codes = Object.keys(errorCodes) as readonly ErrorCode[]

const slotsFrom = <K extends string>(names: readonly K[], first: number) =>
  Object.fromEntries(names.map((name, i) => [name, first + i])) as Record<K, number>

/** The slot of each thing that is counted. */
export const slots = {
  ...slotsFrom(counted, 0),
  ofKind: slotsFrom(kinds, counted.length),
  ofCode: slotsFrom(codes, counted.length + kinds.length),
}

/** How many slots there are. */
export const slotCount = counted.length + kinds.length + codes.length

/** How often each thing happened. */
export type EventCounts = {
  /** How often it happened. */
  readonly [Name in Counted]: number
} & {
  /** Failed attempts, by code; those that never happened are left out. */
  readonly failuresByCode: Readonly<Partial<Record<ErrorCode, number>>>
  /** Failed attempts, by kind; those that never happened are left out. */
  readonly failuresByKind: Readonly<Partial<Record<ErrorKind, number>>>
  /** Of the runs that met a failure that recovery is for, the part that ended well, 0–1; null when there were none. */
  readonly recoveryRate: number | null
}

const present = <K extends string>(names: readonly K[], count: (name: K) => number) =>
  Object.fromEntries(names.map(name => [name, count(name)] as const).filter(([, n]) => n > 0)) as Partial<Record<K, number>>

/** Reads counts out of slots. */
export const readCounts = (values: ArrayLike<number>): EventCounts => {
  const counts = Object.fromEntries(counted.map((name, slot) => [name, values[slot]!])) as Record<Counted, number>
  const recovered = counts.recoveredByRetry + counts.recoveredByHedge + counts.recoveredByFallback + counts.recoveredByDegrade
  const troubled = recovered + counts.gaveUp
  return {
    ...counts,
    failuresByCode: present(codes, code => values[slots.ofCode[code]]!),
    failuresByKind: present(kinds, kind => values[slots.ofKind[kind]]!),
    recoveryRate: troubled === 0 ? null : recovered / troubled,
  }
}
