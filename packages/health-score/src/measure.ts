import type { HealthScore } from './health-score.ts'

/** One number to watch over time: the score, its confidence (0–1), or the value of one signal in its own unit. */
export type Measure = 'score' | 'confidence' | { readonly signal: string }

/** Reads a measure off a score; null when it is not known. */
export const measureOf = (score: HealthScore, measure: Measure): number | null => {
  if (measure === 'score') return score.score
  if (measure === 'confidence') return score.confidence
  for (const one of score.signals) if (one.signal === measure.signal) return one.value
  return null
}

/** The measure's name for people and keys: `score`, `confidence`, or the signal. */
export const nameOfMeasure = (measure: Measure): string => (typeof measure === 'string' ? measure : measure.signal)
