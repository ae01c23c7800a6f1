import { expectKnown, expectNumber } from './expect.ts'

/** How far one scaling may go within a period. */
export interface ScalingPolicy {
  /** `pods` counts instances, `percent` the share of those there were at the start of the period. */
  readonly type: 'pods' | 'percent'
  /** How many, or how many percent; above 0. */
  readonly value: number
  /** Over how long it is counted, in milliseconds, above 0. */
  readonly periodMs: number
}

/** How scaling behaves in one direction. */
export interface ScalingRules {
  /** The most cautious recommendation of so long counts, in milliseconds. Default 0 up, 300,000 down. */
  readonly stabilisationMs?: number
  /** What a period allows. Default: up 100 % or 4 instances each 15 s, down 100 % each 15 s. */
  readonly policies?: readonly ScalingPolicy[]
  /** Which policy binds: the one that allows most, least, or none at all. Default `max`. */
  readonly select?: 'max' | 'min' | 'disabled'
}

/** What the arithmetic goes by. */
export interface ScalingRulesOptions {
  /** The fewest instances, a whole number, 0 or more. */
  readonly min: number
  /** The most instances, a whole number, `min` or more. */
  readonly max: number
  /** A ratio of reading to target this near to 1 changes nothing, 0 or more. Default 0.1. */
  readonly tolerance?: number
  /** Behaviour in each direction. */
  readonly policies?: ScalingPolicies
}

/** Behaviour in each direction. */
export interface ScalingPolicies {
  /** When growing. */
  readonly up?: ScalingRules
  /** When shrinking. */
  readonly down?: ScalingRules
}

/** One signal at one moment. */
export interface ScalingReading {
  /** Which signal. */
  readonly name: string
  /** What it reads; `undefined` when it could not be read. */
  readonly value: number | undefined
  /** What it should read, above 0. */
  readonly target: number
  /** `value`: the fleet's reading, against the target. `average`: a total, the target being what one instance should have of it. */
  readonly type: 'value' | 'average'
}

/** What one evaluation was told. A log of these replays to the same decisions. */
export interface ScalingInput {
  /** When, in epoch milliseconds. */
  readonly atMs: number
  /** How many instances there are. */
  readonly current: number
  /** What the signals read. */
  readonly readings: readonly ScalingReading[]
}

/** What the arithmetic says, and why. */
export interface ScalingDecision extends ScalingInput {
  /** How many instances there should be now. */
  readonly desired: number
  /** How many the signals ask for, before windows, policies and bounds. */
  readonly recommended: number
  /** The one-word reason. */
  readonly reason: 'within-tolerance' | 'signal' | 'missing' | 'stabilised' | 'rate-limited' | 'bounds' | 'disabled'
  /** The reason in a sentence for people. */
  readonly message: string
}

/** The arithmetic with its memory: recommendations for the windows, events for the policies. */
export interface ScalingArithmetic {
  decide(input: ScalingInput): ScalingDecision
  /** Counts a change against the policies, once it was asked for. */
  changed(atMs: number, by: number): void
}

const defaultUp: Required<ScalingRules> = {
  stabilisationMs: 0,
  policies: [
    { type: 'percent', value: 100, periodMs: 15_000 },
    { type: 'pods', value: 4, periodMs: 15_000 },
  ],
  select: 'max',
}
const defaultDown: Required<ScalingRules> = {
  stabilisationMs: 300_000,
  policies: [{ type: 'percent', value: 100, periodMs: 15_000 }],
  select: 'max',
}

/**
 * The arithmetic of the Kubernetes Horizontal Pod Autoscaler, line by line: `replica_calculator.go` for each signal, then
 * `horizontal.go`: `computeReplicasForMetrics`, `stabilizeRecommendationWithBehaviors`, `convertDesiredReplicasWithBehaviorRate`.
 */
export const createScalingArithmetic = (options: ScalingRulesOptions): ScalingArithmetic => {
  const { min, max, tolerance, up, down } = readOptions(options)
  const recommendations: { readonly atMs: number; readonly count: number }[] = []
  const events: { readonly atMs: number; readonly by: number }[] = []
  const keepMs = Math.max(up.stabilisationMs, down.stabilisationMs, ...[...up.policies, ...down.policies].map(p => p.periodMs))

  const stabilise = (recommended: number, current: number, atMs: number): number => {
    let upMost = recommended
    let downLeast = recommended
    for (const past of recommendations) {
      if (past.atMs > atMs - up.stabilisationMs) upMost = Math.min(upMost, past.count)
      if (past.atMs > atMs - down.stabilisationMs) downLeast = Math.max(downLeast, past.count)
    }
    recommendations.push({ atMs, count: recommended })
    while (recommendations.length > 0 && recommendations[0]!.atMs < atMs - keepMs) recommendations.shift()
    return Math.min(Math.max(current, upMost), downLeast)
  }

  /** How many there were when the period began. */
  const periodStart = (current: number, periodMs: number, atMs: number): number =>
    events.filter(event => event.atMs > atMs - periodMs).reduce((count, event) => count - event.by, current)

  const upLimit = (current: number, atMs: number): number => {
    if (up.select === 'disabled') return current
    const allowed = up.policies.map(({ type, value, periodMs }) => {
      const from = periodStart(current, periodMs, atMs)
      return type === 'pods' ? from + value : Math.ceil(from * (1 + value / 100))
    })
    return Math.max(current, up.select === 'min' ? Math.min(...allowed) : Math.max(...allowed))
  }
  const downLimit = (current: number, atMs: number): number => {
    if (down.select === 'disabled') return current
    const allowed = down.policies.map(({ type, value, periodMs }) => {
      const from = periodStart(current, periodMs, atMs)
      return type === 'pods' ? from - value : Math.trunc(from * (1 - value / 100))
    })
    return Math.min(current, down.select === 'min' ? Math.max(...allowed) : Math.min(...allowed))
  }

  const decide = (input: ScalingInput): ScalingDecision => {
    const { atMs, current, readings } = input
    const answer = (desired: number, recommended: number, reason: ScalingDecision['reason'], message: string): ScalingDecision => ({
      ...input,
      desired,
      recommended,
      reason,
      message,
    })
    if (current > max) return answer(max, max, 'bounds', `${current} is more than the most, ${max}.`)
    if (current < min) return answer(min, min, 'bounds', `${current} is fewer than the fewest, ${min}.`)

    const asked = readings.flatMap(reading => {
      const count = countFor(reading, current, tolerance)
      return count === undefined ? [] : [{ ...reading, count }]
    })
    const missing = readings.filter(reading => !isReadable(reading.value)).map(reading => reading.name)
    const highest = asked.reduce<(typeof asked)[number] | undefined>((a, b) => (a && a.count >= b.count ? a : b), undefined)
    if (!highest || (missing.length > 0 && highest.count < current)) {
      return answer(current, current, 'missing', `Held: ${missing.join(', ') || 'no signal'} could not be read.`)
    }
    const recommended = highest.count
    const why = `${highest.name} reads ${round(highest.value!)} for a target of ${highest.target}${highest.type === 'average' ? ' each' : ''}`

    const stable = stabilise(recommended, current, atMs)
    const bounded = Math.min(Math.max(stable, min), max)
    if (bounded > current) {
      const limit = upLimit(current, atMs)
      if (limit < bounded) {
        const reason = up.select === 'disabled' ? 'disabled' : 'rate-limited'
        return answer(limit, recommended, reason, `${why}: ${recommended} asked for, the policies allow ${limit} now.`)
      }
    } else if (bounded < current) {
      const limit = downLimit(current, atMs)
      if (limit > bounded) {
        const reason = down.select === 'disabled' ? 'disabled' : 'rate-limited'
        return answer(limit, recommended, reason, `${why}: ${recommended} asked for, the policies allow ${limit} now.`)
      }
    }
    if (bounded !== stable) return answer(bounded, recommended, 'bounds', `${why}: ${stable} asked for, the bounds are ${min} to ${max}.`)
    if (stable !== recommended) {
      return answer(bounded, recommended, 'stabilised', `${why}: ${recommended} asked for, held at ${stable} by the window.`)
    }
    if (recommended === current) return answer(current, recommended, 'within-tolerance', `${why}: ${current} is right.`)
    return answer(bounded, recommended, 'signal', `${why}.`)
  }

  return {
    decide,
    changed: (atMs, by) => {
      events.push({ atMs, by })
      while (events.length > 0 && events[0]!.atMs < atMs - keepMs) events.shift()
    },
  }
}

const isReadable = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)

const round = (value: number): number => Math.round(value * 100) / 100

/** `ceil(current × value ÷ target)`, or the present count within the tolerance; `undefined` for a reading that is missing. */
const countFor = ({ value, target, type }: ScalingReading, current: number, tolerance: number): number | undefined => {
  if (!isReadable(value)) return undefined
  if (type === 'average') {
    const ratio = value / (target * current)
    return Math.abs(1 - ratio) <= tolerance ? current : Math.ceil(value / target)
  }
  const ratio = value / target
  if (current === 0) return Math.ceil(ratio)
  return Math.abs(1 - ratio) <= tolerance ? current : Math.ceil(ratio * current)
}

const readOptions = (
  options: ScalingRulesOptions,
): { min: number; max: number; tolerance: number; up: Required<ScalingRules>; down: Required<ScalingRules> } => {
  const min = expectWhole('min', options.min, 0)
  const max = expectWhole('max', options.max, min)
  const tolerance = expectNumber('tolerance', options.tolerance ?? 0.1, 0)
  const rules = (name: string, given: ScalingRules = {}, defaults: Required<ScalingRules>): Required<ScalingRules> => {
    expectKnown(`policies.${name}`, given, ['stabilisationMs', 'policies', 'select'])
    const made = { ...defaults, ...given }
    expectNumber(`policies.${name}.stabilisationMs`, made.stabilisationMs, 0)
    if (made.policies.length === 0) throw new RangeError(`Expected policies.${name}.policies to hold at least one policy, got none.`)
    for (const { value, periodMs } of made.policies) {
      expectNumber(`policies.${name}.policies.value`, value, Number.MIN_VALUE)
      expectNumber(`policies.${name}.policies.periodMs`, periodMs, Number.MIN_VALUE)
    }
    return made
  }
  expectKnown('policies', options.policies ?? {}, ['up', 'down'])
  return { min, max, tolerance, up: rules('up', options.policies?.up, defaultUp), down: rules('down', options.policies?.down, defaultDown) }
}

const expectWhole = (name: string, value: number, min: number): number => {
  expectNumber(name, value, min)
  if (!Number.isInteger(value)) throw new RangeError(`Expected ${name} to be a whole number, got ${value}.`)
  return value
}
