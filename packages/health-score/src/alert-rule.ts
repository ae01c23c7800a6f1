import type { Measure } from './measure.ts'

/** How bad it is: `info` below `warning` below `critical`. */
export type Severity = 'info' | 'warning' | 'critical'

export const severities: readonly Severity[] = ['info', 'warning', 'critical']

/** Where one severity begins and where it ends. */
export interface AlertThreshold {
  /** What it is when it is beyond. */
  readonly severity: Severity
  /** It begins below this value. Give either `below` or `above`. */
  readonly below?: number
  /** It begins above this value. */
  readonly above?: number
  /** It ends at this value or better: on the good side of where it begins, so that noise at the edge does not toggle it. */
  readonly clearAt: number
  /** How long the value must be beyond, without a break, before it begins, in milliseconds. Default 0. */
  readonly forMs?: number
  /** How long the value must be clear, without a break, before it ends, in milliseconds. Default: as `forMs`. */
  readonly clearForMs?: number
}

/** What to watch, and from where on it is worth saying so. */
export interface AlertRule {
  /** Its name, unique among rules. */
  readonly id: string
  /** The number it watches. */
  readonly measure: Measure
  /** One or more, one a severity, all in one direction, the worse the further out. */
  readonly thresholds: readonly AlertThreshold[]
  /** What it is to know nothing: this severity, after as long. Default: an alert neither begins nor ends on no data. */
  readonly whenUnknown?: { readonly severity: Severity; readonly forMs: number }
}

/** Throws a RangeError that says what is wrong with a rule, if anything is. */
export const checkAlertRule = ({ id, thresholds, whenUnknown }: AlertRule) => {
  const refuse = (expected: string, got: unknown) => {
    throw new RangeError(`Expected ${expected} in alert rule "${id}", got ${JSON.stringify(got)}.`)
  }
  if (thresholds.length === 0) refuse('at least one threshold', thresholds)
  const ordered = thresholds.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  for (const [i, threshold] of ordered.entries()) {
    const { below, above, clearAt, forMs = 0, clearForMs = 0 } = threshold
    if ((below === undefined) === (above === undefined)) refuse('either below or above', threshold)
    const good = below === undefined ? clearAt <= above! : clearAt >= below
    if (!good) refuse('clearAt on the good side of where it begins', threshold)
    if (!(forMs >= 0 && clearForMs >= 0)) refuse('durations of 0 or more', threshold)
    const milder = ordered[i - 1]
    if (!milder) continue
    if (milder.severity === threshold.severity) refuse('one threshold a severity', thresholds)
    const further = below === undefined ? milder.above !== undefined && above! >= milder.above : milder.below !== undefined && below <= milder.below
    if (!further) refuse('worse thresholds further out, in one direction', thresholds)
  }
  if (whenUnknown && !(whenUnknown.forMs >= 0)) refuse('durations of 0 or more', whenUnknown)
}
