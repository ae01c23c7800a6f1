import { createTrip, type TripOptions } from './breaker-trip.ts'
import { systemClock, type Clock } from './clock.ts'
import { expectNumber } from './expect-option.ts'

/** Whether calls pass (`closed`), are refused (`open`), or a few pass to see whether they may again (`half-open`). */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** What a call that passed a breaker says of the dependency; `neutral` says nothing (it was cancelled, or the program is wrong). */
export type Verdict = 'success' | 'failure' | 'neutral'

/** When a breaker opens, and how it closes again. */
export interface BreakerOptions {
  /** When it opens; 5 failures in a row by default. */
  readonly trip?: TripOptions
  /** How long it stays open before it lets probes pass, in milliseconds, 1 or more; 500 by default. */
  readonly openMs?: number
  /** Each time a probe fails the wait doubles, up to this; `openMs` by default, so that it does not grow. */
  readonly maxOpenMs?: number
  /** How many probes may be under way at once while half-open, 1 or more; 1 by default. */
  readonly probes?: number
  /** How many probes must succeed before it closes, 1 or more; 1 by default. */
  readonly successesToClose?: number
  /** After so long without a verdict a probe counts as lost and its place is given away, in milliseconds; 30,000 by default. */
  readonly probeLeaseMs?: number
  /** Asked when the wait is over, before the first probe passes; where it says no, the breaker stays open. See `@hivekit/errors/redis`. */
  readonly mayProbe?: () => boolean
  /** Where its time comes from; the machine's clock by default. */
  readonly clock?: Clock
}

/** One change of a breaker's state. */
export interface BreakerTransition {
  /** The state before. */
  readonly from: BreakerState
  /** The state after. */
  readonly to: BreakerState
  /** For how long it opened, in milliseconds; 0 for the other states. */
  readonly openMs: number
}

/** A breaker's state as JSON, to be kept over a restart. */
export interface BreakerSnapshot {
  /** The state. */
  readonly state: BreakerState
  /** How much longer it stays open, in milliseconds; 0 unless open. */
  readonly remainingMs: number
  /** How often it opened since it was last closed. */
  readonly opens: number
}

/** Refuses calls to what keeps failing. `createRecovery` drives one; use it alone where calls are not promises. */
export interface Breaker {
  /** Asks to pass. Answers a permit for {@link Breaker.leave}, or 0 when refused. Costs about 5 ns while closed. */
  readonly enter: (now?: number) => number
  /** Says how a call that passed ended. A permit from before the last change of state is ignored. */
  readonly leave: (permit: number, verdict: Verdict, now?: number) => void
  /** The state. Being open turns to half-open at the first call after the wait, not before. */
  readonly state: () => BreakerState
  /** Until when it refuses all calls, in the clock's milliseconds; 0 unless open. */
  readonly refusesUntil: () => number
  /** Opens it, whatever happened, for so many milliseconds (`openMs` by default). */
  readonly open: (forMs?: number) => void
  /** Closes it and forgets what happened. */
  readonly close: () => void
  /** Its state as JSON. */
  readonly snapshot: () => BreakerSnapshot
  /** Takes over a state; a half-open one waits for a new probe. */
  readonly restore: (snapshot: BreakerSnapshot) => void
  /** Calls back at each change of state, in the turn it happens; returns what ends that. */
  readonly onTransition: (listener: (transition: BreakerTransition) => void) => () => void
}

/**
 * Makes a circuit breaker. Throws a RangeError on an option out of range.
 *
 * @example
 * ```ts
 * import { createBreaker } from '@hivekit/errors'
 *
 * const breaker = createBreaker({ trip: { type: 'consecutive', failures: 2 }, openMs: 500 })
 * for (let i = 0; i < 2; i++) breaker.leave(breaker.enter(), 'failure')
 * breaker.state() // 'open'
 * breaker.enter() // 0: refused
 * ```
 */
export const createBreaker = (options: BreakerOptions = {}): Breaker => {
  const { openMs = 500, maxOpenMs = openMs, probes = 1, successesToClose = 1, probeLeaseMs = 30_000, mayProbe, clock = systemClock } = options
  expectNumber('openMs', openMs, 1)
  expectNumber('maxOpenMs', maxOpenMs, openMs)
  expectNumber('probes', probes, 1)
  expectNumber('successesToClose', successesToClose, 1)
  expectNumber('probeLeaseMs', probeLeaseMs, 1)
  const trip = createTrip(options.trip ?? { type: 'consecutive' })
  const listeners = new Set<(transition: BreakerTransition) => void>()
  let state: BreakerState = 'closed'
  /** Changes with the state, so that a permit from before is known. */
  let epoch = 1
  let openUntil = 0
  let opens = 0
  let probesUnderWay = 0
  let probesPassed = 0
  let leaseUntil = 0

  const change = (to: BreakerState, openForMs = 0) => {
    const from = state
    state = to
    epoch++
    probesUnderWay = 0
    probesPassed = 0
    if (to === 'closed') {
      opens = 0
      trip.reset()
    }
    if (from !== to) for (const listener of listeners) listener({ from, to, openMs: openForMs })
  }

  const openFor = (forMs: number, now: number) => {
    openUntil = now + forMs
    opens++
    change('open', forMs)
  }

  const openFromFailure = (now: number) => openFor(Math.min(maxOpenMs, openMs * 2 ** opens), now)

  const probe = (now: number): number => {
    if (state === 'open') {
      if (now < openUntil || (mayProbe && !mayProbe())) return 0
      change('half-open')
    }
    if (probesUnderWay >= probes) {
      if (now < leaseUntil) return 0
      epoch++
      probesUnderWay = 0
    }
    probesUnderWay++
    leaseUntil = now + probeLeaseMs
    return epoch
  }

  return {
    enter: (now = clock.now()) => (state === 'closed' ? epoch : probe(now)),
    leave: (permit, verdict, now = clock.now()) => {
      if (permit !== epoch) return
      if (state === 'closed') {
        if (verdict !== 'neutral' && trip.record(verdict === 'failure', now)) openFromFailure(now)
        return
      }
      probesUnderWay--
      if (verdict === 'failure') openFromFailure(now)
      else if (verdict === 'success' && ++probesPassed >= successesToClose) change('closed')
    },
    state: () => state,
    refusesUntil: () => (state === 'open' ? openUntil : 0),
    open: (forMs = openMs) => {
      expectNumber('forMs', forMs, 0)
      openFor(forMs, clock.now())
    },
    close: () => change('closed'),
    snapshot: () => ({ state, remainingMs: state === 'open' ? Math.max(0, openUntil - clock.now()) : 0, opens }),
    restore: snapshot => {
      if (snapshot.state === 'closed') return change('closed')
      openUntil = clock.now() + snapshot.remainingMs
      opens = snapshot.opens
      change('open', snapshot.remainingMs)
    },
    onTransition: listener => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
