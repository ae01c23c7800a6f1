import { createModeManager, ewma, standardModes, type HealthScore, type Mode } from '@hivekit/health-score'
import { stepMs } from './corpus.ts'

/** Gives the place of the mode after each score. */
export type Detector = (scores: readonly HealthScore[]) => number[]

const limits = [75, 50, 20]
const levelOf = (score: number) => limits.filter(limit => score < limit).length

/** Scores, with what is not known held over from before. */
const heldOf = (scores: readonly HealthScore[]) => {
  let held = 100
  return scores.map(({ score }) => (held = score ?? held))
}

/** The mode is whatever the newest score says. */
export const plainThreshold: Detector = scores => heldOf(scores).map(levelOf)

/** The mode is what the smoothed score says. */
export const ewmaOnly = (halfLifeMs: number): Detector => scores => {
  const values = Float64Array.from(heldOf(scores))
  return Array.from(ewma({ times: values.map((_, i) => i * stepMs), values }, { halfLifeMs }), levelOf)
}

/**
 * Netdata's `delay: up U down D multiplier M max X`, as its health reference describes it: a change of status is acted on after
 * a delay; each further change within the delay makes the next delay longer, and only the status at its end counts.
 */
export const netdataDelay = ({ upMs, downMs, multiplier = 1.5, maxMs = 3_600_000 }: { readonly upMs: number; readonly downMs: number; readonly multiplier?: number; readonly maxMs?: number }): Detector => scores => {
  let [status, acted, due, factor] = [0, 0, 0, 1]
  return heldOf(scores).map((score, i) => {
    const now = i * stepMs
    const next = levelOf(score)
    if (next !== status) {
      factor = now < due ? factor * multiplier : 1
      due = now + Math.min(maxMs, (next > status ? upMs : downMs) * factor)
      status = next
    }
    if (now >= due) acted = status
    return acted
  })
}

/** The mode manager with its standard modes; for the curve, with other durations. */
export const modeManager = (over: { readonly enterAfterMs?: number; readonly leaveAfterMs?: number } = {}, minDwellMs?: number): Detector => scores => {
  const modes: Mode[] = standardModes({ reduced: [], essential: [], maintenance: [] })
    .map(mode => ({ ...mode, ...(minDwellMs ? { minDwellMs } : {}), causes: (mode.causes ?? []).map(cause => ({ ...cause, ...over })) }))
  const manager = createModeManager({ modes })
  return scores.map(score => modes.findIndex(mode => mode.name === manager.observe(score).mode))
}
