import { combineSeen, type Seen } from './combine.ts'
import { grain, pointGrain, type Gate, type HealthModel, type ModelSignal } from './health-model.ts'
import type { Contribution, Counterfactual, Grade, HealthScore, MemberScore, NotKnown, SignalScore } from './health-score.ts'
import type { MemberReading, Reading, ValueReading } from './reading.ts'

/**
 * Scores readings by a model. Pure and deterministic: the same readings, in any order, give the same score.
 *
 * The score is 100 less the points that each known signal lost by its share, then cut to the lowest cap among
 * failed gates. A signal that is not known is left out and lowers `confidence`; when none is known the score is null
 * and the grade `unknown`. A worse value of one signal never raises the score.
 *
 * Costs O(readings + signals × gates): microseconds for tens of signals, a few milliseconds for a fleet of a thousand.
 *
 * @param readings - what was measured; several of one signal are combined as its model says.
 * @param options - `now`: the instant to score at, in epoch milliseconds, against which readings go stale.
 *
 * @example
 * ```ts
 * import { defineHealthModel, piecewise, scoreHealth } from '@hivekit/health-score'
 *
 * const model = defineHealthModel({
 *   signals: {
 *     latencyMs: { curve: piecewise([[300, 1], [3_000, 0]]) },
 *     cpu: { curve: piecewise([[0.7, 1], [1, 0]]) },
 *   },
 *   weights: { latencyMs: 3, cpu: 1 },
 * })
 * const now = Date.now()
 * const { score, counterfactual } = scoreHealth(
 *   [{ signal: 'latencyMs', value: 1_650, at: now }, { signal: 'cpu', value: 0.4, at: now }], model, { now })
 * // score: 62.5; counterfactual: { signals: ['latencyMs'], gain: 37.5 }
 * ```
 */
export const scoreHealth = (readings: readonly Reading[], model: HealthModel, { now }: { readonly now: number }): HealthScore => {
  const notKnown: NotKnown[] = []
  const states = assess(readings, model, now, notKnown)

  let known = 0
  let confidence = 0
  for (let i = 0; i < states.length; i++) {
    const { utility, confidence: own } = states[i]!
    if (utility !== null) known += model.signals[i]!.share
    confidence += model.signals[i]!.share * own
  }
  const lost = spread(states, model, known)
  const raw = 100 - lost

  let blind = false
  let lowest: FailedGate | undefined
  const failed: FailedGate[] = []
  for (const gate of model.gates) {
    const place = model.places.get(gate.signal)!
    const { utility } = states[place]!
    if (utility === null) blind = true
    else if (utility <= gate.atOrBelow) {
      const one = { ...gate, place }
      failed.push(one)
      if (!lowest || one.cap < lowest.cap) lowest = one
    }
  }
  const score = known === 0 && !lowest ? null : Math.min(raw, lowest ? lowest.cap : 100)
  const capping = score !== null && score < raw ? lowest : undefined

  if (score !== null && known > 0) {
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!
      if (failed.length === 0) state.gain = state.points
      else if (state.utility !== null) state.gain = Math.max(0, Math.min(capWithout(failed, [i]), raw + state.points) - score)
    }
  }
  return {
    model: model.name,
    at: now,
    score,
    grade: score === null || blind || confidence < model.minConfidence ? 'unknown' : gradeOf(score, model),
    confidence,
    contributions: score === null ? [] : contributionsOf(states, capping, raw - score),
    cappedBy: capping ? capping.name : null,
    failedGates: failed.map(gate => gate.name),
    counterfactual: score === null || known === 0 ? null : repair(states, failed, raw, score),
    signals: states,
    notKnown,
  }
}

type FailedGate = Required<Gate> & { readonly place: number }

type State = { -readonly [F in keyof SignalScore]: SignalScore[F] }

/** Reads every signal: its utility, value and confidence. */
const assess = (readings: readonly Reading[], model: HealthModel, now: number, notKnown: NotKnown[]): State[] => {
  const { signals, places } = model
  const seen: (Seen | Seen[] | undefined)[] = signals.map(() => undefined)
  const came = new Float64Array(signals.length)
  const trusted = new Float64Array(signals.length)
  const members: MemberScore[][] = []
  for (const reading of readings) {
    const place = places.get(reading.signal)
    if (place === undefined) {
      notKnown.push({ signal: reading.signal, monitor: reading.monitor ?? null, problem: 'unexpected' })
      continue
    }
    came[place]!++
    const one = 'readings' in reading ? lookInto(reading, signals[place]!, now, (members[place] ??= [])) : look(reading, signals[place]!, now)
    if (typeof one === 'string') {
      notKnown.push({ signal: reading.signal, monitor: reading.monitor ?? null, problem: one })
      continue
    }
    trusted[place]! += one.confidence
    const before = seen[place]
    if (before === undefined) seen[place] = one
    else if (Array.isArray(before)) before.push(one)
    else seen[place] = [before, one]
  }
  return signals.map((signal, place) => {
    const all = seen[place]
    const quorum = typeof signal.combine === 'object' && 'quorum' in signal.combine ? signal.combine.quorum : 1
    const enough = all !== undefined && (Array.isArray(all) ? all.length : 1) >= quorum
    const one = enough ? (Array.isArray(all) ? combineSeen(signal.combine, all) : all) : undefined
    if (!one) notKnown.push({ signal: signal.signal, monitor: null, problem: all ? 'no-quorum' : came[place]! > 0 ? 'unknown' : 'missing' })
    return {
      signal: signal.signal,
      label: signal.label,
      unit: signal.unit,
      value: one ? one.value : null,
      utility: one ? Math.round(one.utility * grain) / grain : null,
      share: 0,
      points: 0,
      gain: 0,
      target: signal.curve ? signal.curve.target : null,
      confidence: one ? trusted[place]! / Math.max(came[place]!, signal.expected) : 0,
      members: members[place] ?? none,
    }
  })
}

const none: readonly never[] = Object.freeze([])

const look = (reading: ValueReading, { curve, staleAfterMs }: ModelSignal, now: number) => {
  if (!curve || !Number.isFinite(reading.value)) return 'invalid'
  // Written so that an age that is NaN is not within the limit either.
  if (!(Math.abs(now - reading.at) <= staleAfterMs)) return 'stale'
  const utility = curve.utility(reading.value)
  if (!(utility >= 0 && utility <= 1)) return 'invalid'
  return { utility: Math.round(utility * grain) / grain, value: reading.value, confidence: 1 }
}

const lookInto = (reading: MemberReading, { model }: ModelSignal, now: number, members: MemberScore[]) => {
  if (!model) return 'invalid'
  const score = scoreHealth(reading.readings, model, { now })
  members.push({ monitor: reading.monitor, score })
  if (score.score === null) return 'unknown'
  return { utility: Math.round((score.score / 100) * grain) / grain, value: score.score, confidence: score.confidence }
}

/**
 * Gives every known signal its points, and returns their sum. Shares and utilities have 26 binary places, so the running
 * sum of their products is exact; each signal gets the step between two rounded sums, so the points add up to the last bit.
 */
const spread = (states: readonly State[], model: HealthModel, known: number): number => {
  if (known === 0) return 0
  let sum = 0
  let before = 0
  for (let i = 0; i < states.length; i++) {
    const state = states[i]!
    if (state.utility === null) continue
    const { share } = model.signals[i]!
    sum += share * (1 - state.utility)
    const rounded = Math.round((100 * sum * pointGrain) / known) / pointGrain
    state.share = share / known
    state.points = rounded - before
    before = rounded
  }
  return before
}

/** The lowest cap that would remain with some signals at their targets. */
const capWithout = (failed: readonly FailedGate[], repaired: readonly number[]): number => {
  let cap = 100
  for (const gate of failed) if (gate.cap < cap && !repaired.includes(gate.place)) cap = gate.cap
  return cap
}

const contributionsOf = (states: readonly State[], capping: FailedGate | undefined, taken: number): Contribution[] => {
  const lost: Contribution[] = []
  for (const { signal, label, points } of states) if (points > 0) lost.push({ kind: 'signal', signal, label, points })
  if (capping) lost.push({ kind: 'gate', signal: capping.signal, label: capping.name, points: taken })
  return lost.toSorted((a, b) => b.points - a.points)
}

const repair = (states: readonly State[], failed: readonly FailedGate[], raw: number, score: number): Counterfactual | null => {
  let best: State | undefined
  for (const state of states) if (state.gain > (best?.gain ?? 0)) best = state
  if (best) return { signals: [best.signal], gain: best.gain }
  // Several gates hold the score down together: nothing but repairing them all helps.
  const places = [...new Set(failed.filter(gate => gate.cap === score).map(gate => gate.place))]
  const back = places.reduce((sum, place) => sum + states[place]!.points, raw)
  const gain = Math.min(capWithout(failed, places), back) - score
  return gain > 0 ? { signals: places.map(place => states[place]!.signal), gain } : null
}

const gradeOf = (score: number, { grades }: HealthModel): Grade =>
  score >= grades.healthy ? 'healthy' : score >= grades.degraded ? 'degraded' : score >= grades.unhealthy ? 'unhealthy' : 'critical'
