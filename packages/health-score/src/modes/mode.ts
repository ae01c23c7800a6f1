import type { Measure } from '../measure.ts'

/** One reason to be in a mode, or a worse one. */
export interface ModeCause {
  /** What people call it, for instance `low score`. Unique among the causes of all modes. */
  readonly name: string
  /** The number it watches. */
  readonly measure: Measure
  /** It speaks for the mode below this value. Give either `below` or `above`. */
  readonly below?: number
  /** It speaks for the mode above this value. */
  readonly above?: number
  /**
   * It speaks against the mode from this value on, strictly on the good side of where it begins. The gap between the two is
   * the unit in which distances are weighed.
   */
  readonly leaveAt: number
  /**
   * How much evidence it takes to enter, in milliseconds, 0 or more. Evidence grows by the time that passes, times the value's
   * distance beyond the middle of the gap, in gaps, at most 2 either way; on the good side it shrinks. It is acted on when it
   * exceeds this and the value is beyond the threshold. The default of 10,000 lets no one odd sample in 5 s act alone.
   */
  readonly enterAfterMs?: number
  /** The same for leaving: distances are beyond `leaveAt`. Default 120,000. */
  readonly leaveAfterMs?: number
}

/** A way to run, and what it does without. */
export interface Mode {
  /** Its name, unique. */
  readonly name: string
  /** What it switches off, beyond what the better modes do. Names are the application's own. */
  readonly off: readonly string[]
  /** Reasons to be in it. None: only a manual override leads here. The first mode has none. */
  readonly causes?: readonly ModeCause[]
  /** How long to stay at least before going back to a better mode, in milliseconds, 0 or more. Default 300,000. */
  readonly minDwellMs?: number
}

/** When not to believe the monitor. */
export interface PanicOptions {
  /** The share of signals, above 0 to 1, that must fail (utility 0, or not known) together. Default 1: all of them. */
  readonly share?: number
  /** Within how long of having been fine, in milliseconds. Slower than that is believed. Default 15,000. */
  readonly withinMs?: number
  /** How long to doubt signals that are known and fail, in milliseconds; then they are believed. Default 120,000. */
  readonly doubtMs?: number
}

/** How modes are decided. */
export interface ModeRules {
  /** From the best to the worst; two or more. */
  readonly modes: readonly Mode[]
  /** When not to believe the monitor; false: always believe it. */
  readonly panic?: PanicOptions | false
  /** A mode entered again within this time of having been left is a relapse, in milliseconds, 0 or more. Default 600,000. */
  readonly relapseWithinMs?: number
  /** How much longer the dwell is after each relapse in a row, 1 or more. Default 2. */
  readonly dwellFactor?: number
  /** The longest a dwell can grow, in milliseconds. Default 1,800,000. */
  readonly maxDwellMs?: number
  /** Time between two scores counts as observed up to this, in milliseconds, above 0. Default 30,000. */
  readonly maxGapMs?: number
}

/** Throws a TypeError or RangeError that says what is wrong with the rules, if anything is. */
export const checkModeRules = ({ modes, panic, relapseWithinMs = 0, dwellFactor = 1, maxDwellMs = 0, maxGapMs = 1 }: ModeRules) => {
  if (modes.length < 2) throw new RangeError(`Expected two modes or more, got ${modes.length}.`)
  const repeated = (names: readonly string[]) => names.find((name, i) => names.indexOf(name) !== i)
  const causes = modes.flatMap(mode => mode.causes ?? [])
  const twice = repeated(modes.map(mode => mode.name)) ?? repeated(causes.map(cause => cause.name))
  if (twice !== undefined) throw new TypeError(`Expected every mode and every cause to have a name of its own, got "${twice}" twice.`)
  if (modes[0]!.causes?.length) throw new TypeError(`Expected the best mode, "${modes[0]!.name}", to need no cause, got ${modes[0]!.causes.length}.`)
  for (const { name, below, above, leaveAt, enterAfterMs = 0, leaveAfterMs = 0 } of causes) {
    if ((below === undefined) === (above === undefined)) throw new TypeError(`Expected either below or above in cause "${name}".`)
    const good = below === undefined ? leaveAt < above! : leaveAt > below
    if (!good) throw new RangeError(`Expected leaveAt of cause "${name}" on the good side of ${below ?? above}, got ${leaveAt}.`)
    if (!(enterAfterMs >= 0 && leaveAfterMs >= 0)) throw new RangeError(`Expected durations of 0 or more in cause "${name}".`)
  }
  const { share = 1, withinMs = 0, doubtMs = 0 } = panic || {}
  const numbers = { ...Object.fromEntries(modes.map(mode => [`minDwellMs of "${mode.name}"`, mode.minDwellMs ?? 0])), relapseWithinMs, maxDwellMs, withinMs, doubtMs }
  for (const [name, value] of Object.entries(numbers)) if (!(value >= 0)) throw new RangeError(`Expected ${name} of 0 or more, got ${value}.`)
  if (!(dwellFactor >= 1)) throw new RangeError(`Expected dwellFactor of 1 or more, got ${dwellFactor}.`)
  if (!(maxGapMs > 0)) throw new RangeError(`Expected maxGapMs above 0, got ${maxGapMs}.`)
  if (!(share > 0 && share <= 1)) throw new RangeError(`Expected share within 0–1, got ${share}.`)
}

/** What the standard modes switch off. */
export interface StandardModesOff {
  /** First to go: what nobody waits for. */
  readonly reduced: readonly string[]
  /** Next: what can be done without for a while. */
  readonly essential: readonly string[]
  /** Last. */
  readonly maintenance: readonly string[]
}

/**
 * The ladder most services want: full, reduced below a score of 75 (back from 85), essential below 50 (60), maintenance below 20 (35).
 *
 * @example
 * ```ts
 * import { standardModes } from '@hivekit/health-score'
 *
 * const modes = standardModes({ reduced: ['exports', 'backups'], essential: ['background'], maintenance: ['chat'] })
 * ```
 */
export const standardModes = ({ reduced, essential, maintenance }: StandardModesOff): Mode[] => [
  { name: 'full', off: [] },
  { name: 'reduced', off: reduced, causes: [{ name: 'low score', measure: 'score', below: 75, leaveAt: 85 }] },
  { name: 'essential', off: essential, causes: [{ name: 'very low score', measure: 'score', below: 50, leaveAt: 60 }] },
  { name: 'maintenance', off: maintenance, causes: [{ name: 'next to nothing works', measure: 'score', below: 20, leaveAt: 35 }] },
]
