import { readCounts, slotCount, slots, type EventCounts } from './event-counts.ts'
import type { ErrorEvent, EventFacts } from './error-events.ts'

/** How many recoveries took at most so long. */
export interface RecoveryTimeBucket {
  /** The longest time that counts, in milliseconds; null for any. */
  readonly leMs: number | null
  /** How many took no longer. */
  readonly count: number
}

/** How long it took from a run's first failure to its good end. */
export interface RecoveryTimes {
  /** How many recovered. */
  readonly count: number
  /** All their times together, in milliseconds. */
  readonly sumMs: number
  /** How many took at most so many milliseconds, 1 to 65,536 by doubling; the last, with null, is all of them. */
  readonly buckets: readonly RecoveryTimeBucket[]
}

/** The counts of one operation. */
export interface OperationSnapshot {
  /** The recovery's name. */
  readonly operation: string
  /** Since the start. */
  readonly lifetime: EventCounts
  /** The last so many milliseconds, by that number; exact to one slice of the ring (5 s). */
  readonly windows: Readonly<Record<number, EventCounts>>
  /** How long recovering took, since the start. */
  readonly recoveryTimes: RecoveryTimes
}

/** Counts what happens to one operation. */
export interface OperationMeter {
  /** Counts one event in a slot. A few nanoseconds. */
  readonly count: (slot: number, now: number) => void
  /** Notes how long a recovery took. */
  readonly recovered: (afterMs: number) => void
  /** Tells the listeners, if there are any. */
  readonly emit: (now: number, facts: EventFacts) => void
  /** Whether anyone listens: making an event costs more than counting it. */
  readonly isHeard: () => boolean
  /** Its counts. */
  readonly snapshot: (now: number) => OperationSnapshot
}

/** The ring holds ten minutes in slices of five seconds. */
export const sliceMs = 5_000
/** How many slices the ring holds. */
export const slices = 120

/** 1 ms to 65 s by doubling, then all above. */
const timeBounds = [...Array.from({ length: 17 }, (_, i) => 2 ** i), Number.POSITIVE_INFINITY]

/** Makes the meter of one operation; about 35 kB once anything has happened. */
export const createOperationMeter = (
  operation: string,
  listeners: ReadonlySet<(event: ErrorEvent) => void>,
  windowsMs: readonly number[],
): OperationMeter => {
  const lifetime = new Float64Array(slotCount)
  let ring = new Uint32Array(0)
  const times = new Float64Array(timeBounds.length)
  let timeSum = 0
  let slice = 0
  let sliceEnd = Number.NEGATIVE_INFINITY
  let base = 0

  const advance = (now: number) => {
    if (ring.length === 0) ring = new Uint32Array(slotCount * slices)
    const current = Math.floor(now / sliceMs)
    const stale = sliceEnd === Number.NEGATIVE_INFINITY ? 0 : Math.min(slices, current - slice)
    for (let i = 0; i < stale; i++) ring.fill(0, rowOf(current - i), rowOf(current - i) + slotCount)
    slice = current
    sliceEnd = (current + 1) * sliceMs
    base = rowOf(current)
  }

  return {
    count: (slot, now) => {
      if (now >= sliceEnd) advance(now)
      lifetime[slot]!++
      ring[base + slot]!++
    },
    recovered: afterMs => {
      timeSum += afterMs
      times[timeBounds.findIndex(bound => afterMs <= bound)]!++
    },
    emit: (now, facts) => {
      if (listeners.size === 0) return
      const event = { ...facts, operation, at: now } as ErrorEvent
      for (const listener of listeners) listener(event)
    },
    isHeard: () => listeners.size > 0,
    snapshot: now => {
      if (now >= sliceEnd && ring.length > 0) advance(now)
      let total = 0
      return {
        operation,
        lifetime: readCounts(lifetime),
        windows: Object.fromEntries(windowsMs.map(windowMs => [windowMs, readCounts(sumOf(ring, slice, windowMs))])),
        recoveryTimes: {
          count: times.reduce((sum, n) => sum + n, 0),
          sumMs: timeSum,
          buckets: timeBounds.map((leMs, i) => ({ leMs: Number.isFinite(leMs) ? leMs : null, count: (total += times[i]!) })),
        },
      }
    },
  }
}

const rowOf = (slice: number) => (((slice % slices) + slices) % slices) * slotCount

const sumOf = (ring: Uint32Array, slice: number, windowMs: number): Float64Array => {
  const sum = new Float64Array(slotCount)
  if (ring.length === 0) return sum
  for (let i = 0; i < Math.min(slices, Math.ceil(windowMs / sliceMs)); i++) {
    const row = rowOf(slice - i)
    for (let slot = 0; slot < slotCount; slot++) sum[slot]! += ring[row + slot]!
  }
  return sum
}

/** The slots that say by what a run recovered. */
export const recoveredSlots = {
  retry: slots.recoveredByRetry,
  hedge: slots.recoveredByHedge,
  fallback: slots.recoveredByFallback,
  degrade: slots.recoveredByDegrade,
} as const
