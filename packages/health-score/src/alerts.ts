import { checkAlertRule, severities, type AlertRule, type AlertThreshold, type Severity } from './alert-rule.ts'
import { createEmitter } from './emitter.ts'
import { createFlapDetector, type FlappingOptions } from './flap-detector.ts'
import type { Contribution, HealthScore } from './health-score.ts'
import { moveLatch, released, type Latch } from './latch.ts'
import { measureOf, nameOfMeasure } from './measure.ts'

/**
 * What changed.
 *
 * - `raised`: all was well before; `escalated`: it got worse; `eased`: better, not yet well; `resolved`: all is well.
 * - `flapping`: the state changes so often that only worse is still told; `steady`: it has stopped doing so.
 */
export type AlertChange = 'raised' | 'escalated' | 'eased' | 'resolved' | 'flapping' | 'steady'

/** One change of one alert, with what was true at that moment. Plain data. */
export interface AlertEvent {
  /** Counts up by one with each event of these alerts. */
  readonly id: number
  /** The rule. */
  readonly rule: string
  /** What changed. */
  readonly change: AlertChange
  /** How bad it is now; null: well. */
  readonly severity: Severity | null
  /** How bad it was when last told; null: well. */
  readonly previous: Severity | null
  /** When it changed, in epoch milliseconds. */
  readonly at: number
  /** When this alert was first raised; of one that is well, when it changed. */
  readonly since: number
  /** The value watched; null if not known. */
  readonly value: number | null
  /** The score at that moment. */
  readonly score: number | null
  /** The confidence in it. */
  readonly confidence: number
  /** Where the points went at that moment. */
  readonly contributions: readonly Contribution[]
  /** All of it in a sentence. */
  readonly message: string
}

/** An alert that is not well. */
export interface ActiveAlert {
  /** The rule. */
  readonly rule: string
  /** How bad it is, as last told. */
  readonly severity: Severity
  /** When it was raised, in epoch milliseconds. */
  readonly since: number
  /** Whether it flaps. */
  readonly flapping: boolean
}

/** What {@link createAlerts} takes. */
export interface AlertsOptions {
  /** What to watch. Their ids must differ. */
  readonly rules: readonly AlertRule[]
  /** When a rule counts as flapping; false: never. Default: Nagios's 21 states, 20 % and 5 %. */
  readonly flapping?: FlappingOptions | false
  /** Scores further apart than this, in milliseconds, above 0, do not count as without a break. Default 60,000. */
  readonly maxGapMs?: number
}

/** Watches scores, and says once what changed. */
export interface Alerts {
  /** Looks at one score. Gives the events it caused, which listeners hear too. A score that is not newer than the last causes none. */
  observe(score: HealthScore): readonly AlertEvent[]
  /** What is not well now, worst first. */
  active(): readonly ActiveAlert[]
  /** Listens; the returned function stops that. */
  onEvent(listener: (event: AlertEvent) => void): () => void
}

/**
 * Makes alerts from rules. Each rule is told once for each change of its severity, and holds still on no data.
 *
 * @throws RangeError if a rule contradicts itself; TypeError if two rules have one id.
 *
 * @example
 * ```ts
 * import { createAlerts } from '@hivekit/health-score'
 *
 * const alerts = createAlerts({
 *   rules: [
 *     { id: 'health', measure: 'score', thresholds: [
 *       { severity: 'warning', below: 75, clearAt: 80, forMs: 30_000 },
 *       { severity: 'critical', below: 40, clearAt: 50, forMs: 10_000 },
 *     ] },
 *     { id: 'latency', measure: { signal: 'latencyMs' }, thresholds: [{ severity: 'warning', above: 2_000, clearAt: 1_500 }] },
 *   ],
 * })
 * alerts.onEvent(({ change, message }) => console.log(change, message))
 * ```
 */
export const createAlerts = ({ rules, flapping = {}, maxGapMs = 60_000 }: AlertsOptions): Alerts => {
  if (!(maxGapMs > 0)) throw new RangeError(`Expected maxGapMs above 0, got ${maxGapMs}.`)
  rules.forEach(checkAlertRule)
  const twice = rules.find((rule, i) => rules.findIndex(other => other.id === rule.id) !== i)
  if (twice) throw new TypeError(`Expected every alert rule to have an id of its own, got "${twice.id}" twice.`)

  const states = rules.map(rule => createRuleState(rule, flapping))
  const events = createEmitter<AlertEvent>()
  let count = 0
  let lastAt = Number.NEGATIVE_INFINITY

  return {
    observe: score => {
      if (!(score.at > lastAt)) return []
      const broken = score.at - lastAt > maxGapMs
      lastAt = score.at
      const caused = states.flatMap(state => state.observe(score, broken)).map(event => ({ id: ++count, ...event }))
      caused.forEach(events.emit)
      return caused
    },
    active: () => states.flatMap(state => state.active() ?? []).toSorted((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity)),
    onEvent: events.on,
  }
}

const createRuleState = (rule: AlertRule, flapping: FlappingOptions | false) => {
  const detector = flapping && createFlapDetector(flapping)
  const thresholds = rule.thresholds.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  let latches: Latch[] = thresholds.map(() => released)
  /** The same thresholds without minimum durations: what flap detection looks at. */
  let swift: Latch[] = latches
  let blind: Latch = released
  let told: Severity | null = null
  let since = 0
  let flaps = false

  const move = (value: number | null, at: number) => {
    const known = value !== null
    blind = moveLatch(blind, at, { beyond: !known, clear: known }, rule.whenUnknown?.forMs ?? Number.POSITIVE_INFINITY, 0)
    // From the worst down: whatever is worse includes the milder, which cannot end before it.
    const moveAll = (all: readonly Latch[], lasting: boolean) => all.reduceRight<Latch[]>((moved, latch, i) => {
      const threshold = thresholds[i]!
      const forMs = lasting ? (threshold.forMs ?? 0) : 0
      const next = moveLatch(latch, at, positionOf(value, threshold), forMs, lasting ? (threshold.clearForMs ?? forMs) : 0)
      const held = moved[0]?.on === true && !next.on
      return [held ? { on: true, turningSince: latch.on ? latch.turningSince : null } : next, ...moved]
    }, [])
    latches = moveAll(latches, true)
    swift = moveAll(swift, false)
  }
  const worst = (all: readonly Latch[]) => thresholds.findLast((_, i) => all[i]!.on)?.severity ?? null

  const observe = (score: HealthScore, broken: boolean): Omit<AlertEvent, 'id'>[] => {
    const value = measureOf(score, rule.measure)
    if (broken) [latches, swift, blind] = [latches.map(stand), swift.map(stand), stand(blind)]
    move(value, score.at)
    const severity = worseOf(worst(latches), blind.on ? rule.whenUnknown!.severity : null)
    const caused: Omit<AlertEvent, 'id'>[] = []
    const tell = (change: AlertChange, now: Severity | null) => {
      const previous = told
      if (previous === null) since = score.at
      told = now
      const { score: points, confidence, contributions } = score
      const message = messageOf(rule, change, now, value, score)
      caused.push({ rule: rule.id, change, severity: now, previous, at: score.at, since, value, score: points, confidence, contributions, message })
    }

    const flapped = flaps
    flaps = detector !== false && detector.observe(severities.indexOf(worst(swift)!))
    if (flaps && !flapped) tell('flapping', told)
    if (!flaps && flapped) tell('steady', told)
    const rise = severities.indexOf(severity!) - severities.indexOf(told!)
    if (rise > 0) tell(told === null ? 'raised' : 'escalated', severity)
    else if (rise < 0 && !flaps) tell(severity === null ? 'resolved' : 'eased', severity)
    return caused
  }

  return { observe, active: (): ActiveAlert | null => told && { rule: rule.id, severity: told, since, flapping: flaps } }
}

/** After a gap, whatever was on its way starts again. */
const stand = (latch: Latch): Latch => ({ on: latch.on, turningSince: null })

const positionOf = (value: number | null, { below, above, clearAt }: AlertThreshold) => {
  if (value === null) return { beyond: false, clear: false }
  return below === undefined ? { beyond: value > above!, clear: value <= clearAt } : { beyond: value < below, clear: value >= clearAt }
}

const worseOf = (a: Severity | null, b: Severity | null) => (severities.indexOf(a!) >= severities.indexOf(b!) ? a : b)

const messageOf = (rule: AlertRule, change: AlertChange, severity: Severity | null, value: number | null, score: HealthScore) => {
  const name = nameOfMeasure(rule.measure)
  const signal = score.signals.find(one => one.signal === name)
  const amount = value === null ? 'not known' : `${Number(value.toPrecision(4))}${signal?.unit ? ` ${signal.unit}` : ''}`
  const state = { raised: severity, escalated: `${severity} now`, eased: `only ${severity} now`, resolved: 'well again', flapping: 'flapping', steady: 'steady again' }[change]
  return `${signal?.label ?? name} is ${amount}: ${state}.`
}
