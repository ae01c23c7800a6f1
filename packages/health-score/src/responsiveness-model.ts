import { budgetBurn } from './curves/budget-burn.ts'
import { logistic } from './curves/logistic.ts'
import { piecewise } from './curves/piecewise.ts'
import { defineHealthModel, type HealthModel } from './health-model.ts'

/** The signals of the {@link responsivenessModel}. */
export type ResponsivenessSignal =
  | 'latencyMs'
  | 'errorRatio'
  | 'queueWaitMs'
  | 'eventLoopDelayMs'
  | 'memoryRatio'
  | 'cpuRatio'
  | 'readyRatio'

/** What a person waits for, and what the makers promised. */
export interface ResponsivenessOptions {
  /** What the score is of. Default `responsiveness`. */
  readonly name?: string
  /** The p95 latency at which nobody complains, in milliseconds, above 0. Default 1,000. */
  readonly targetMs?: number
  /** The promised share of requests without error, within 0–1 exclusive. Default 0.99. */
  readonly objective?: number
  /** The age from which a reading is not known any more, in milliseconds. Default 60,000. */
  readonly staleAfterMs?: number
}

/**
 * Makes the default model: health as the person waiting for an answer feels it. Latency weighs 32 of 100, waiting in
 * the queue 14 and errors 26; CPU weighs 6, memory 8, event-loop delay 8: a busy processor is no fault while answers come fast.
 *
 * Signals: `latencyMs` (p95), `errorRatio` (0–1), `queueWaitMs` (p95), `eventLoopDelayMs` (p99), `memoryRatio` and
 * `cpuRatio` (used of what may be used, 0–1), `readyRatio` (bots that can take work, of those that should, 0–1).
 * Gates: no bot ready caps the score at 0; errors at fourteen times the budget at 35; memory used up at 35.
 *
 * @throws RangeError if an option is out of its range.
 *
 * @example
 * ```ts
 * import { responsivenessModel, scoreHealth } from '@hivekit/health-score'
 *
 * const now = Date.now()
 * const score = scoreHealth([{ signal: 'readyRatio', value: 0, at: now }], responsivenessModel(), { now })
 * score.cappedBy // 'no bot is ready'
 * ```
 */
export const responsivenessModel = (options: ResponsivenessOptions = {}): HealthModel<ResponsivenessSignal> => {
  const { name = 'responsiveness', targetMs = 1_000, objective = 0.99, staleAfterMs = 60_000 } = options
  const wait = piecewise([[targetMs, 1], [2 * targetMs, 0.8], [4 * targetMs, 0.5], [10 * targetMs, 0.1], [20 * targetMs, 0]])
  return defineHealthModel({
    name,
    signals: {
      latencyMs: { label: 'p95 latency', unit: 'ms', curve: wait, staleAfterMs },
      errorRatio: { label: 'error ratio', curve: budgetBurn({ objective }), staleAfterMs },
      queueWaitMs: { label: 'p95 wait in the queue', unit: 'ms', curve: wait, staleAfterMs },
      eventLoopDelayMs: { label: 'event-loop delay', unit: 'ms', curve: logistic({ good: 50, bad: 1_000 }), staleAfterMs },
      memoryRatio: { label: 'memory in use', curve: logistic({ good: 0.75, bad: 0.98 }), staleAfterMs },
      cpuRatio: { label: 'CPU in use', curve: logistic({ good: 0.8, bad: 1 }), staleAfterMs },
      readyRatio: { label: 'bots ready', curve: piecewise([[0, 0], [1, 1]]), staleAfterMs },
    },
    weights: { latencyMs: 32, errorRatio: 26, queueWaitMs: 14, eventLoopDelayMs: 8, memoryRatio: 8, cpuRatio: 6, readyRatio: 6 },
    gates: [
      { signal: 'readyRatio', cap: 0, name: 'no bot is ready' },
      { signal: 'errorRatio', cap: 35, name: 'errors far beyond the budget' },
      { signal: 'memoryRatio', cap: 35, name: 'memory is used up' },
    ],
  })
}
