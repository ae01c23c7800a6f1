import { faultOfCombine, type Combine } from './combine.ts'
import type { UtilityCurve } from './curves/utility-curve.ts'

/** What a signal is called, measured in, and combined by. */
export interface SignalBasics {
  /** What people call it, for instance `p95 latency`. Default: its key. */
  readonly label?: string
  /** How several readings become one. Default `worst`. */
  readonly combine?: Combine
  /** How many readings there should be; fewer lower the confidence. Default: as many as came, at least one. */
  readonly expected?: number
}

/** A signal whose readings are values. */
export interface ValueSignal extends SignalBasics {
  /** Turns a value into utility. */
  readonly curve: UtilityCurve
  /** The unit of its values, for people: `ms`, `%`. */
  readonly unit?: string
  /** A reading older than this, in milliseconds, is not known any more (nor is one as far in the future). Default 60,000. */
  readonly staleAfterMs?: number
}

/** A signal whose readings are members, each scored by a model of its own. */
export interface NestedSignal extends SignalBasics {
  /** The model of one member. */
  readonly model: HealthModel
}

/** A condition that no average may hide: when it fails, the score is at most `cap`. */
export interface Gate<K extends string = string> {
  /** The signal it watches. */
  readonly signal: K
  /** It fails when the signal's combined utility is at or below this, 0 or more, below 1. Default 0. */
  readonly atOrBelow?: number
  /** The most the score can be while it fails, 0 or more, below 100. Default 0. */
  readonly cap?: number
  /** Its name in a score, for instance `no bot is ready`. Default: the signal's label. */
  readonly name?: string
}

/** The lowest scores of the better grades; below the last of them is `critical`. */
export interface GradeFloors {
  /** Default 90. */
  readonly healthy: number
  /** Default 70. */
  readonly degraded: number
  /** Default 40. */
  readonly unhealthy: number
}

/** What {@link defineHealthModel} takes. */
export interface HealthModelOptions<K extends string> {
  /** What the score is of, for instance `hive`. Default `health`. */
  readonly name?: string
  /** The signals, by key. At least one. */
  readonly signals: Readonly<Record<K, ValueSignal | NestedSignal>>
  /** How much each signal counts against the others: 0 or more, any scale, not all 0. A signal of weight 0 only gates. */
  readonly weights: Readonly<Record<NoInfer<K>, number>>
  /** Conditions that cap the score. Default none. */
  readonly gates?: readonly Gate<NoInfer<K>>[]
  /** Where grades begin. */
  readonly grades?: GradeFloors
  /** Below this confidence, 0–1, the grade is `unknown`. Default 0.5. */
  readonly minConfidence?: number
}

/** One signal of a model, with defaults filled in. */
export interface ModelSignal<K extends string = string> {
  /** Its key. */
  readonly signal: K
  /** What people call it. */
  readonly label: string
  /** The unit of its values; empty if it has none. */
  readonly unit: string
  /** Its share of the score, 0–1. The shares of a model sum to exactly 1. */
  readonly share: number
  /** How several readings become one. */
  readonly combine: Combine
  /** How many readings there should be; 1 if not stated. */
  readonly expected: number
  /** The age from which a reading is not known any more, in milliseconds. */
  readonly staleAfterMs: number
  /** Turns a value into utility. Absent from a nested signal. */
  readonly curve: UtilityCurve | undefined
  /** The model of one member. Absent from a signal of values. */
  readonly model: HealthModel | undefined
}

/** A checked model: what {@link scoreHealth} scores by. Immutable. */
export interface HealthModel<K extends string = string> {
  /** What the score is of. */
  readonly name: string
  /** The signals, in the order they were defined. */
  readonly signals: readonly ModelSignal<K>[]
  /** The place of each signal in `signals`. */
  readonly places: ReadonlyMap<string, number>
  /** The gates, with defaults filled in. */
  readonly gates: readonly Required<Gate<K>>[]
  /** Where grades begin. */
  readonly grades: GradeFloors
  /** Below this confidence the grade is `unknown`. */
  readonly minConfidence: number
}

/**
 * Shares are multiples of 2^-26, so that their products with a utility of the same grain, and all sums of those,
 * are exact in a double: no order of adding changes a score.
 */
export const grain = 2 ** 26

/** Points and caps are multiples of 2^-16, for the same reason. */
export const pointGrain = 2 ** 16

/**
 * Checks and completes a model. Weights may be of any scale: they become shares of 1.
 *
 * @throws RangeError if a weight, gate, floor, combination or age is out of its range.
 * @throws TypeError if a weight is missing, or a weight or gate names a signal that is not there.
 *
 * @example
 * ```ts
 * import { defineHealthModel, piecewise } from '@hivekit/health-score'
 *
 * const model = defineHealthModel({
 *   name: 'gateway',
 *   signals: {
 *     latencyMs: { label: 'p95 latency', unit: 'ms', curve: piecewise([[300, 1], [3_000, 0]]) },
 *     cpu: { label: 'CPU', curve: piecewise([[0.7, 1], [1, 0]]) },
 *     up: { curve: piecewise([[0, 0], [1, 1]]) },
 *   },
 *   weights: { latencyMs: 3, cpu: 1, up: 0 },
 *   gates: [{ signal: 'up', name: 'the gateway is down' }],
 * })
 * model.signals[0]?.share // 0.75
 * ```
 */
export const defineHealthModel = <const K extends string>(options: HealthModelOptions<K>): HealthModel<K> => {
  const { name = 'health', signals, weights, gates = [], minConfidence = 0.5 } = options
  const { grades = { healthy: 90, degraded: 70, unhealthy: 40 } } = options
  const keys = Object.keys(signals) as K[]
  if (keys.length === 0) throw new RangeError(`Model "${name}" needs at least one signal, got none.`)
  for (const key of [...Object.keys(weights), ...gates.map(gate => gate.signal)]) {
    if (!Object.hasOwn(signals, key)) throw new TypeError(`Model "${name}" weighs or gates "${key}", but has only ${keys.join(', ')}.`)
  }
  const floors = [100, grades.healthy, grades.degraded, grades.unhealthy, 0]
  if (!floors.every((floor, i) => i === 0 || floor <= floors[i - 1]!)) {
    throw new RangeError(`Expected grades to fall within 100–0, got ${JSON.stringify(grades)}.`)
  }
  if (!(minConfidence >= 0 && minConfidence <= 1)) throw new RangeError(`Expected minConfidence within 0–1, got ${minConfidence}.`)

  const shares = sharesOf(keys, weights)
  const complete = keys.map((key, i) => completeSignal(key, signals[key], shares[i]!))
  return Object.freeze({
    name,
    signals: complete,
    places: new Map(keys.map((key, i) => [key, i])),
    gates: gates.map(gate => completeGate(gate, complete.find(one => one.signal === gate.signal)!.label)),
    grades,
    minConfidence,
  })
}

const sharesOf = <K extends string>(keys: readonly K[], weights: Readonly<Record<K, number>>): number[] => {
  for (const key of keys) {
    if (typeof weights[key] !== 'number') throw new TypeError(`Expected a weight of "${key}", got ${String(weights[key])}.`)
    if (!(weights[key] >= 0 && Number.isFinite(weights[key]))) throw new RangeError(`Expected the weight of "${key}" to be 0 or more, got ${String(weights[key])}.`)
  }
  const largest = Math.max(...keys.map(key => weights[key]))
  if (largest === 0) throw new RangeError('Expected at least one weight above 0, got none.')
  // Scaled by the largest first, so that no sum overflows, and added in order of size, so that no order of keys matters.
  const scaled = keys.map(key => weights[key] / largest)
  const total = scaled.toSorted((a, b) => a - b).reduce((sum, one) => sum + one, 0)
  const grains = scaled.map(one => Math.floor((one / total) * grain))
  const left = grain - grains.reduce((sum, one) => sum + one, 0)
  // Largest remainder: the grains that rounding left over, one each to the signals that lost most by it.
  const byLoss = keys.map((_, i) => i).toSorted((a, b) => lossOf(b) - lossOf(a) || (keys[a]! < keys[b]! ? -1 : 1))
  function lossOf(i: number) {
    return (scaled[i]! / total) * grain - grains[i]!
  }
  return keys.map((_, i) => (grains[i]! + (byLoss.indexOf(i) < left ? 1 : 0)) / grain)
}

const completeSignal = <K extends string>(signal: K, given: ValueSignal | NestedSignal, share: number): ModelSignal<K> => {
  const { label = signal, combine = 'worst', expected = 1 } = given
  const staleAfterMs = 'curve' in given ? (given.staleAfterMs ?? 60_000) : Number.POSITIVE_INFINITY
  const fault = faultOfCombine(combine)
  if (fault) throw new RangeError(`Expected "${signal}" to combine by ${fault}, got ${JSON.stringify(combine)}.`)
  if (!(Number.isInteger(expected) && expected >= 1)) throw new RangeError(`Expected "${signal}" to expect 1 or more readings, got ${expected}.`)
  if (!(staleAfterMs > 0)) throw new RangeError(`Expected staleAfterMs of "${signal}" above 0, got ${staleAfterMs}.`)
  return Object.freeze({
    signal,
    label,
    unit: 'curve' in given ? (given.unit ?? '') : '',
    share,
    combine,
    expected,
    staleAfterMs,
    curve: 'curve' in given ? given.curve : undefined,
    model: 'model' in given ? given.model : undefined,
  })
}

const completeGate = <K extends string>({ signal, atOrBelow = 0, cap = 0, name }: Gate<K>, label: string): Required<Gate<K>> => {
  if (!(atOrBelow >= 0 && atOrBelow < 1)) throw new RangeError(`Expected the gate on "${signal}" to fail at a utility within 0–1, got ${atOrBelow}.`)
  if (!(cap >= 0 && cap < 100)) throw new RangeError(`Expected the gate on "${signal}" to cap within 0–100, got ${cap}.`)
  return Object.freeze({ signal, atOrBelow, cap: Math.floor(cap * pointGrain) / pointGrain, name: name ?? label })
}
