import { HiveError } from '@hivekit/errors'
import type { Clock } from './clock.ts'
import { expectNumber } from './expect.ts'
import type { Limit, PermitOutcome } from './limit.ts'

/** What a decision is asked for. */
export interface AcquireRequest {
  /** Who asks: a tenant, a bot, a user. Limits `per: 'key'` and fairness go by it. Default `''`. */
  readonly key?: string
  /** How much of each limit it takes, 0 or more; or by the name of the limit, 1 for those not named. Default 1. */
  readonly cost?: Cost
}

/** One weight for every limit, or one for each limit by its name. */
export type Cost = number | Readonly<Record<string, number>>

/** Leave to work. Give it back when done: `using permit = …` does so at the end of the block. */
export interface Permit extends Disposable {
  /** Tells a permit from a {@link Refusal}. */
  readonly admitted: true
  /** Gives the permit back; a second call does nothing. Adaptive limits learn from the outcome. Default `'ok'`. */
  release(outcome?: PermitOutcome): void
}

/** Why the answer is no, for now. */
export interface Refusal extends Disposable {
  /** Tells a refusal from a {@link Permit}. */
  readonly admitted: false
  /** The name of the binding limit: of those that refuse, the one that will refuse longest. */
  readonly limit: string
  /** The sort of that limit. */
  readonly kind: string
  /** How long until it may fit, in milliseconds, above 0. `Infinity`: never, the cost is above the limit. */
  readonly retryAfterMs: number
}

/**
 * Makes the error that tells a caller of a refusal: `rate_limited` for a rate, `too_large` for what can never fit, else
 * `capacity_exceeded`; with `retryAfterMs` for a Retry-After header.
 */
export const refusalToError = ({ limit, kind, retryAfterMs }: Refusal): HiveError => {
  if (retryAfterMs === Infinity) {
    return new HiveError('too_large', `The limit "${limit}" is lower than the cost of this work.`, { details: { limit } })
  }
  const code = kind === 'rate' ? 'rate_limited' : 'capacity_exceeded'
  return new HiveError(code, `The limit "${limit}" is reached.`, { retryAfterMs: Math.ceil(retryAfterMs), details: { limit } })
}

/** Decides over all limits at once. */
export interface Admission {
  readonly names: readonly string[]
  readonly limits: readonly Limit[]
  /** How often each limit was the binding one. */
  readonly refusals: Float64Array
  readonly tryAcquire: (request?: AcquireRequest) => Permit | Refusal
  /** Takes the cost and answers 0, or answers how long to wait and leaves the binding limit in {@link binding}. */
  readonly take: (key: string, cost: Cost, nowMs: number) => number
  readonly giveBack: (key: string, cost: Cost, startMs: number, outcome: PermitOutcome) => void
  /** The name of a limit that the cost can never fit, if there is one. */
  readonly neverFits: (cost: Cost) => string | undefined
  /** Index of the limit that refused last. */
  readonly binding: () => number
  readonly refusal: (retryAfterMs: number) => Refusal
}

const noop = (): void => {}

export const createAdmission = (named: ReadonlyMap<string, Limit>, clock: Clock, onRelease: (key: string) => void): Admission => {
  const names = [...named.keys()]
  const limits = [...named.values()]
  const count = limits.length
  const holders = limits.filter(limit => limit.release !== undefined)
  const holderNames = names.filter((_, i) => limits[i]!.release !== undefined)
  const takers = limits.filter(limit => limit.take !== undefined)
  const takerNames = names.filter((_, i) => limits[i]!.take !== undefined)
  const timed = limits.some(limit => limit.timed === true)
  const refusals = new Float64Array(count)
  let bound = 0

  const take = (key: string, cost: Cost, nowMs: number): number => {
    const even = typeof cost === 'number'
    let longest = 0
    for (let i = 0; i < count; i++) {
      const wait = limits[i]!.waitMs(key, even ? cost : (cost[names[i]!] ?? 1), nowMs)
      if (wait > longest) {
        longest = wait
        bound = i
      }
    }
    if (longest > 0) return longest
    for (let i = 0; i < takers.length; i++) takers[i]!.take!(key, even ? cost : (cost[takerNames[i]!] ?? 1), nowMs)
    return 0
  }

  const giveBack = (key: string, cost: Cost, startMs: number, outcome: PermitOutcome): void => {
    const even = typeof cost === 'number'
    const nowMs = timed ? clock.now() : 0
    const heldMs = timed ? nowMs - startMs : 0
    for (let i = 0; i < holders.length; i++) {
      holders[i]!.release!(key, even ? cost : (cost[holderNames[i]!] ?? 1), nowMs, heldMs, outcome)
    }
  }

  const refusal = (retryAfterMs: number): Refusal => ({
    admitted: false,
    limit: names[bound]!,
    kind: limits[bound]!.kind,
    retryAfterMs,
    [Symbol.dispose]: noop,
  })

  const permit = (key: string, cost: Cost, startMs: number): Permit => {
    let held = true
    const release = (outcome: PermitOutcome = 'ok'): void => {
      if (!held) return
      held = false
      giveBack(key, cost, startMs, outcome)
      onRelease(key)
    }
    return { admitted: true, release, [Symbol.dispose]: release }
  }

  const tryAcquire = (request?: AcquireRequest): Permit | Refusal => {
    const key = request?.key ?? ''
    const cost = request?.cost ?? 1
    expectCost(cost)
    const nowMs = clock.now()
    const wait = take(key, cost, nowMs)
    if (wait === 0) return permit(key, cost, nowMs)
    refusals[bound]!++
    return refusal(wait)
  }

  const neverFits = (cost: Cost): string | undefined => {
    const nowMs = clock.now()
    return names.find((name, i) => limits[i]!.waitMs('', typeof cost === 'number' ? cost : (cost[name] ?? 1), nowMs) === Infinity)
  }

  return { names, limits, refusals, neverFits, tryAcquire, take, giveBack, binding: () => bound, refusal }
}

/** Throws unless every weight is a finite number of 0 or more. */
export const expectCost = (cost: Cost): void => {
  if (typeof cost === 'number') {
    if (!(cost >= 0 && cost < Infinity)) expectNumber('cost', cost, 0, Number.MAX_VALUE)
  } else for (const [name, weight] of Object.entries(cost)) expectNumber(`cost.${name}`, weight, 0, Number.MAX_VALUE)
}
