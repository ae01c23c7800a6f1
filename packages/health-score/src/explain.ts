import type { HealthModel } from './health-model.ts'
import type { HealthScore } from './health-score.ts'

/**
 * Says in sentences what a model asks and how much each answer counts, dearest first, then its gates.
 *
 * @example
 * ```ts
 * import { explainModel, responsivenessModel } from '@hivekit/health-score'
 *
 * explainModel(responsivenessModel())[0]
 * // 'p95 latency counts 32.0 %: lower is better, full marks up to 1000 ms.'
 * ```
 */
export const explainModel = (model: HealthModel): string[] => {
  const signals = model.signals.toSorted((a, b) => b.share - a.share).map(({ label, share, curve, model: inner, unit }) => {
    const counts = share > 0 ? `counts ${(share * 100).toFixed(1)} %` : 'counts nothing by itself'
    if (!curve) return `${label} ${counts}: each member by the model "${inner!.name}".`
    const bound = curve.better === 'lower' ? 'up to' : 'from'
    return `${label} ${counts}: ${curve.better} is better, full marks ${bound} ${amount(curve.target, unit)}.`
  })
  const gates = model.gates.map(({ name, cap, signal, atOrBelow }) =>
    `Gate "${name}": the score is at most ${round(cap)} while ${labelOf(model, signal)} has a utility of ${round(atOrBelow)} or less.`)
  return [...signals, ...gates]
}

/**
 * Says in sentences why a score is what it is: where the points went, what was not known, and what would help.
 *
 * @example
 * ```ts
 * import { explainScore, responsivenessModel, scoreHealth } from '@hivekit/health-score'
 *
 * explainScore(scoreHealth([], responsivenessModel(), { now: Date.now() }))[0]
 * // 'responsiveness: nothing is known.'
 * ```
 */
export const explainScore = (score: HealthScore): string[] => {
  const known = `${Math.round(score.confidence * 100)} % known`
  const first = score.score === null ? `${score.model}: nothing is known.` : `${score.model}: ${round(score.score)} of 100, ${score.grade}, ${known}.`
  const lost = score.contributions.map(({ kind, signal, label, points }) => {
    const { value, unit } = score.signals.find(one => one.signal === signal)!
    return kind === 'gate' ? `−${round(points)}: capped, ${label}.` : `−${round(points)}: ${label} at ${amount(value!, unit)}.`
  })
  const missing = score.notKnown.map(({ signal, monitor, problem }) => `Not known: ${monitor === null ? signal : `${signal} of ${monitor}`} (${problem}).`)
  return [first, ...lost, ...missing, ...(score.counterfactual ? [`${counterfactualText(score)}.`] : [])]
}

const counterfactualText = ({ counterfactual, signals }: HealthScore) => {
  const repaired = counterfactual!.signals.map(key => {
    const { label, target, unit } = signals.find(one => one.signal === key)!
    return `${label} at ${target === null ? 'its best' : amount(target, unit)}`
  })
  return `With ${repaired.join(' and ')}: +${round(counterfactual!.gain)}`
}

const labelOf = (model: HealthModel, signal: string) => model.signals[model.places.get(signal)!]!.label
const amount = (value: number, unit: string) => (unit === '' ? round(value) : `${round(value)} ${unit}`)
const round = (value: number) => String(Math.round(value * 1_000) / 1_000 === Math.round(value) ? Math.round(value) : Number(value.toPrecision(4)))
