import { systemClock, type Clock } from '../clock.ts'
import { createEmitter } from '../emitter.ts'
import type { HealthScore } from '../health-score.ts'
import { measureOf, nameOfMeasure } from '../measure.ts'
import { causesOf, decideMode, firstModeState, type ModeDecision, type ModeInput, type ModeOverride, type ModeState } from './decide-mode.ts'
import { checkModeRules, type ModeRules } from './mode.ts'

/** What {@link createModeManager} takes. */
export interface ModeManagerOptions extends ModeRules {
  /** How many decisions to remember, 1 or more. Default 1,000. */
  readonly remember?: number
  /** Where time comes from. Default {@link systemClock}. */
  readonly clock?: Clock
}

/** What {@link ModeManager.override} takes. */
export interface OverrideOptions {
  /** The mode to be in. */
  readonly mode: string
  /** For how long, in milliseconds, above 0. */
  readonly forMs: number
  /** Who says so. */
  readonly by: string
  /** Why. */
  readonly reason: string
}

/** A cause that is believed. */
export interface ActiveCause {
  /** The cause. */
  readonly name: string
  /** The mode it asks for. */
  readonly mode: string
  /** Since when, in epoch milliseconds. */
  readonly since: number
}

/** The mode and what it means. Plain data. */
export interface CurrentMode {
  /** Its name. */
  readonly mode: string
  /** Everything that is switched off in it. */
  readonly off: readonly string[]
  /** Since when, in epoch milliseconds; null: from the start. */
  readonly since: number | null
  /** Every cause believed now, whatever mode it asks for. */
  readonly causes: readonly ActiveCause[]
  /** The override in force; null if none. */
  readonly override: ModeOverride | null
  /** Since when the monitor has been in doubt, so that nothing is done; null: it is not. */
  readonly doubtedSince: number | null
  /** Why it is this mode, in a sentence. */
  readonly reason: string
}

/** One step of a record. Plain data. */
export interface ModeStep {
  /** What was seen or said. */
  readonly input: ModeInput
  /** What was decided. */
  readonly decision: ModeDecision
}

/** The last decisions, and what is needed to make them again. Plain data: it survives `JSON.stringify`. */
export interface ModeRecord {
  /** The state before the first step. */
  readonly from: ModeState
  /** The steps, oldest first. */
  readonly steps: readonly ModeStep[]
}

/** Decides in which mode to run. Closing it stops the timer of an override. */
export interface ModeManager extends AsyncDisposable {
  /** Takes a score in, and decides. */
  observe(score: HealthScore): ModeDecision
  /**
   * Goes to a mode at once and stays there whatever is observed, until the time is up.
   *
   * @throws TypeError if there is no such mode; RangeError unless `forMs` is above 0.
   */
  override(options: OverrideOptions): ModeDecision
  /** Ends an override before its time. */
  clearOverride(): ModeDecision
  /** The mode now. */
  current(): CurrentMode
  /** Tells whether something is switched off now. */
  isOff(feature: string): boolean
  /** The last decisions with their inputs, for {@link replayModes}. */
  record(): ModeRecord
  /** Listens to decisions that change the mode; the returned function stops that. */
  onChange(listener: (decision: ModeDecision) => void): () => void
}

/**
 * Makes a manager of operating modes. It enters a worse mode on evidence that adds up (a CUSUM: the further beyond the threshold,
 * the sooner) and goes back only after lasting evidence of the contrary and a dwell, which grows with each relapse; one step at
 * a time either way. Memory: `remember` decisions.
 *
 * @throws TypeError or RangeError if the rules contradict themselves.
 *
 * @example
 * ```ts
 * import { createModeManager, standardModes } from '@hivekit/health-score'
 *
 * const modes = createModeManager({
 *   modes: standardModes({ reduced: ['exports', 'backups'], essential: ['background'], maintenance: ['chat'] }),
 * })
 * modes.onChange(({ mode, from, reason }) => console.log(`${from} → ${mode}: ${reason}`))
 * modes.override({ mode: 'maintenance', forMs: 600_000, by: 'ada', reason: 'moving the database' })
 * modes.isOff('chat') // true
 * ```
 */
export const createModeManager = (options: ModeManagerOptions): ModeManager => {
  const { remember = 1_000, clock = systemClock, ...rules } = options
  checkModeRules(rules)
  if (!(Number.isInteger(remember) && remember >= 1)) throw new RangeError(`Expected to remember 1 decision or more, got ${remember}.`)
  const causes = causesOf(rules.modes)
  const changes = createEmitter<ModeDecision>()
  let state = firstModeState(rules)
  let reason = 'All is well.'
  let steps: (ModeStep & { readonly before: ModeState })[] = []
  let disarm = () => {}

  const decide = (input: ModeInput): ModeDecision => {
    const before = state
    const { state: after, decision } = decideMode(rules, before, input)
    state = after
    reason = decision.reason
    steps.push({ input, decision, before })
    // Trimmed by half, so that dropping the oldest costs nothing on average.
    if (steps.length >= 2 * remember) steps = steps.slice(-remember)
    if (state.override !== before.override) {
      disarm()
      disarm = state.override ? clock.after(state.override.until - clock.now(), () => void decide({ type: 'tick', at: clock.now() })) : () => {}
    }
    if (decision.from !== null) changes.emit(decision)
    return decision
  }

  const offIn = (mode: number) => rules.modes.slice(0, mode + 1).flatMap(one => one.off)

  return {
    observe: score => {
      const share = (count: number) => count / score.signals.length
      return decide({
        type: 'observed',
        at: score.at,
        measures: Object.fromEntries(causes.map(({ measure }) => [nameOfMeasure(measure), measureOf(score, measure)])),
        failing: share(score.signals.filter(one => one.utility === null || one.utility === 0).length),
        unknown: share(score.signals.filter(one => one.utility === null).length),
      })
    },
    override: ({ mode, forMs, by, reason: why }) => {
      if (!rules.modes.some(one => one.name === mode)) throw new TypeError(`Expected one of ${rules.modes.map(one => one.name).join(', ')}, got "${mode}".`)
      if (!(forMs > 0 && Number.isFinite(forMs))) throw new RangeError(`Expected forMs above 0, got ${forMs}.`)
      const at = clock.now()
      return decide({ type: 'override', at, override: { mode, until: at + forMs, by, reason: why } })
    },
    clearOverride: () => decide({ type: 'override', at: clock.now(), override: null }),
    current: () => ({
      mode: rules.modes[state.mode]!.name,
      off: offIn(state.mode),
      since: state.since,
      causes: causes.flatMap(({ name, mode }, i) => {
        const { since } = state.causes[i]!
        return since === null ? [] : [{ name, mode: rules.modes[mode]!.name, since }]
      }),
      override: state.override,
      doubtedSince: state.doubtedSince,
      reason,
    }),
    isOff: feature => offIn(state.mode).includes(feature),
    record: () => {
      const kept = steps.slice(-remember)
      return { from: kept[0]?.before ?? state, steps: kept.map(({ input, decision }) => ({ input, decision })) }
    },
    onChange: changes.on,
    [Symbol.asyncDispose]: async () => disarm(),
  }
}

/**
 * Makes the decisions of a record again, by the same or by other rules: to check that they hold, or to see what other
 * thresholds would have done. By the same rules the answer equals the record's decisions.
 *
 * @throws TypeError or RangeError if the rules contradict themselves, or have other modes or causes than the record.
 *
 * @example
 * ```ts
 * import { createModeManager, replayModes, standardModes } from '@hivekit/health-score'
 *
 * const rules = { modes: standardModes({ reduced: ['exports'], essential: [], maintenance: ['chat'] }) }
 * const record = createModeManager(rules).record()
 * replayModes(rules, record) // the same decisions
 * ```
 */
export const replayModes = (rules: ModeRules, { from, steps }: ModeRecord): ModeDecision[] => {
  checkModeRules(rules)
  if (from.returns.length !== rules.modes.length || from.causes.length !== causesOf(rules.modes).length) {
    throw new TypeError(`Expected a record of ${rules.modes.length} modes and ${causesOf(rules.modes).length} causes, got ${from.returns.length} and ${from.causes.length}.`)
  }
  let state = from
  return steps.map(({ input }) => {
    const next = decideMode(rules, state, input)
    state = next.state
    return next.decision
  })
}
