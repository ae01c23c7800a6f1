import { stepMs, type Scenario } from './corpus.ts'
import type { Detector } from './detectors.ts'

/** What one detector did over the corpus. */
export interface Verdict {
  readonly changes: number
  /** The mean time from the fault to the first worse mode, over scenarios with a fault; a missed one counts to the end. */
  readonly delayMs: number
  readonly missed: number
  /** Scenarios without a fault in which the mode changed all the same. */
  readonly falseAlarms: number
}

export const judge = (corpus: readonly Scenario[], detect: Detector): Verdict => {
  let [changes, delay, faults, missed, falseAlarms] = [0, 0, 0, 0, 0]
  for (const { scores, faultAt } of corpus) {
    const modes = detect(scores)
    const changed = modes.filter((mode, i) => i > 0 && mode !== modes[i - 1]).length
    changes += changed
    if (faultAt === null) {
      if (changed > 0) falseAlarms++
      continue
    }
    faults++
    const from = faultAt / stepMs
    const found = modes.findIndex((mode, i) => i >= from && mode > 0)
    if (found < 0) missed++
    delay += ((found < 0 ? modes.length : found) - from) * stepMs
  }
  return { changes, delayMs: faults === 0 ? 0 : delay / faults, missed, falseAlarms }
}
