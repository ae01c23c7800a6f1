import { createAimd, type AimdOptions } from './aimd.ts'
import { expectKnown, expectNumber } from './expect.ts'
import { createGradient2, type Gradient2Options } from './gradient2.ts'
import type { Limit } from './limit.ts'
import { createVegas, type VegasOptions } from './vegas.ts'

/** One piece of finished work, as an adaptive limit sees it. */
export interface AdaptiveSample {
  /** How long it took, in milliseconds. */
  readonly latencyMs: number
  /** How much was in flight when it ended, itself included. */
  readonly inFlight: number
  /** Whether it was refused or timed out beyond the limit: a sign of overload. */
  readonly dropped: boolean
  /** When it ended, in epoch milliseconds. */
  readonly nowMs: number
}

/** The rule by which an adaptive limit moves. Pure but for its own memory. */
export interface AdaptiveAlgorithm {
  /** Answers the new limit; it is clamped to `min` and `max` afterwards. `limit` may hold a fraction. */
  next(limit: number, sample: AdaptiveSample): number
}

/** Finds by itself how much work at once gives the most without queueing: rises while latency is steady, falls when it grows. */
export interface AdaptiveLimitOptions {
  /** Chooses this sort of limit. */
  readonly kind: 'adaptive'
  /**
   * `aimd` reacts to drops and to a latency bound; `vegas` and `gradient2` compare latency with what it is without load.
   * Or a rule of your own.
   */
  readonly algorithm: 'aimd' | 'vegas' | 'gradient2' | AdaptiveAlgorithm
  /** Where it starts. Default 20. */
  readonly initial?: number
  /** Never below this, 1 or more. Default 1. */
  readonly min?: number
  /** Never above this. Default 1000. */
  readonly max?: number
  /** Settings of the chosen algorithm. */
  readonly settings?: AimdOptions & VegasOptions & Gradient2Options
}

const unknownWaitMs = 100

export const createAdaptiveLimit = (options: AdaptiveLimitOptions): Limit => {
  let min = expectNumber('min', options.min ?? 1, 1)
  let max = expectNumber('max', options.max ?? 1000, min)
  let limit = Math.min(max, Math.max(min, expectNumber('initial', options.initial ?? 20, 1)))
  const algorithm = chooseAlgorithm(options)
  let used = 0
  let holdMs = 0
  let onRoom = (): void => {}
  return {
    kind: 'adaptive',
    freedBy: 'release',
    timed: true,
    waitMs: (_key, cost) => {
      if (used + cost <= Math.floor(limit)) return 0
      if (cost > max) return Infinity
      // Something that costs more than the present limit may pass alone, or it might wait for ever.
      if (used === 0) return 0
      return holdMs === 0 ? unknownWaitMs : Math.max(1, holdMs / Math.max(1, used))
    },
    take: (_key, cost) => {
      used += cost
    },
    release: (_key, cost, nowMs, heldMs, outcome) => {
      const inFlight = used
      used -= cost
      if (outcome === 'ignored') return
      holdMs += (heldMs - holdMs) * (holdMs === 0 ? 1 : 0.05)
      const next = algorithm.next(limit, { latencyMs: heldMs, inFlight, dropped: outcome === 'dropped', nowMs })
      if (Number.isFinite(next)) limit = Math.min(max, Math.max(min, next))
    },
    usage: () => ({ used, max: Math.floor(limit), unit: 'permits' }),
    set: changes => {
      expectKnown('changes', changes, ['min', 'max'])
      const nextMin = 'min' in changes ? expectNumber('min', changes.min, 1) : min
      max = expectNumber('max', 'max' in changes ? changes.max : max, nextMin)
      min = nextMin
      limit = Math.min(max, Math.max(min, limit))
      onRoom()
    },
    onRoom: listener => {
      onRoom = listener
    },
  }
}

const chooseAlgorithm = ({ algorithm, settings = {} }: AdaptiveLimitOptions): AdaptiveAlgorithm => {
  if (typeof algorithm === 'object') return algorithm
  switch (algorithm) {
    case 'aimd':
      return createAimd(settings)
    case 'vegas':
      return createVegas(settings)
    case 'gradient2':
      return createGradient2(settings)
    default:
      throw new TypeError(`Expected algorithm to be aimd, vegas, gradient2 or a rule, got ${JSON.stringify(algorithm)}.`)
  }
}
