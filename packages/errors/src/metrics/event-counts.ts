import { errorCodes, errorKindNames, type ErrorCode, type ErrorKind } from '../error-codes.ts'

/** What is counted, in the order of its slots; the failures by kind and by code follow. */
const counted = [
  'runs', 'attempts', 'succeeded', 'recoveredByRetry', 'recoveredByHedge', 'recoveredByFallback', 'recoveredByDegrade', 'gaveUp', 'failed',
  'cancelled', 'refusedByBreaker', 'refusedByBulkhead', 'budgetExhausted', 'breakerOpened', 'breakerHalfOpened', 'breakerClosed',
] as const

const codes = Object.keys(errorCodes) as readonly ErrorCode[]

const slotsFrom = <K extends string>(names: readonly K[], first: number) =>
  Object.fromEntries(names.map((name, i) => [name, first + i])) as Record<K, number>

/** The slot of each thing that is counted. */
export const slots = {
  ...slotsFrom(counted, 0),
  ofKind: slotsFrom(errorKindNames, counted.length),
  ofCode: slotsFrom(codes, counted.length + errorKindNames.length),
}

/** How many slots there are. */
export const slotCount = counted.length + errorKindNames.length + codes.length

/** How often each thing happened. A run ends in one of succeeded, one of the recoveries, gaveUp, failed or cancelled. */
export interface EventCounts {
  /** Runs begun. */
  readonly runs: number
  /** Attempts made. */
  readonly attempts: number
  /** Runs that succeeded at the first attempt. */
  readonly succeeded: number
  /** Runs that a retry brought to a good end. */
  readonly recoveredByRetry: number
  /** Runs that a hedge answered before the first attempt did. */
  readonly recoveredByHedge: number
  /** Runs that a fallback answered. */
  readonly recoveredByFallback: number
  /** Runs that the last good value answered. */
  readonly recoveredByDegrade: number
  /** Runs that met trouble, and nothing helped. */
  readonly gaveUp: number
  /** Runs that ended with an error no recovery is for: permanent, or a bug. */
  readonly failed: number
  /** Runs that were cancelled. */
  readonly cancelled: number
  /** Runs, retries and hedges that a breaker refused. */
  readonly refusedByBreaker: number
  /** Runs that found no place. */
  readonly refusedByBulkhead: number
  /** Retries and hedges that could not be paid. */
  readonly budgetExhausted: number
  /** Times a breaker opened. */
  readonly breakerOpened: number
  /** Times a breaker let probes pass. */
  readonly breakerHalfOpened: number
  /** Times a breaker closed. */
  readonly breakerClosed: number
  /** Failed attempts, by code; those that never happened are left out. */
  readonly failuresByCode: Readonly<Partial<Record<ErrorCode, number>>>
  /** Failed attempts, by kind; those that never happened are left out. */
  readonly failuresByKind: Readonly<Partial<Record<ErrorKind, number>>>
  /** Of the runs that met trouble, the part that ended well, 0–1; null when there were none. */
  readonly recoveryRate: number | null
}

const present = <K extends string>(names: readonly K[], count: (name: K) => number) =>
  Object.fromEntries(names.map(name => [name, count(name)] as const).filter(([, n]) => n > 0)) as Partial<Record<K, number>>

/** Reads counts out of slots. */
export const readCounts = (values: ArrayLike<number>): EventCounts => {
  const counts = Object.fromEntries(counted.map((name, slot) => [name, values[slot]!])) as Record<(typeof counted)[number], number>
  const recovered = counts.recoveredByRetry + counts.recoveredByHedge + counts.recoveredByFallback + counts.recoveredByDegrade
  const troubled = recovered + counts.gaveUp
  return {
    ...counts,
    failuresByCode: present(codes, code => values[slots.ofCode[code]]!),
    failuresByKind: present(errorKindNames, kind => values[slots.ofKind[kind]]!),
    recoveryRate: troubled === 0 ? null : recovered / troubled,
  }
}
