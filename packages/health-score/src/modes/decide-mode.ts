import { nameOfMeasure } from '../measure.ts'
import type { Mode, ModeCause, ModeRules } from './mode.ts'

/** What was seen, or said, at one instant. Plain data. */
export type ModeInput =
  | {
    readonly type: 'observed'
    /** In epoch milliseconds. */
    readonly at: number
    /** What the causes watch, by name; null: not known. */
    readonly measures: Readonly<Record<string, number | null>>
    /** The share of signals that fail: whose utility is 0, or not known. */
    readonly failing: number
    /** The share of signals that are not known. */
    readonly unknown: number
  }
  | { readonly type: 'override'; readonly at: number; readonly override: ModeOverride | null }
  | { readonly type: 'tick'; readonly at: number }

/** A person's word, which wins until it expires. Plain data. */
export interface ModeOverride {
  /** The mode to be in. */
  readonly mode: string
  /** Until when, in epoch milliseconds. */
  readonly until: number
  /** Who says so. */
  readonly by: string
  /** Why. */
  readonly reason: string
}

/** How far one cause has come. */
export interface CauseState {
  /** Since when it has been believed, in epoch milliseconds; null: it is not. */
  readonly since: number | null
  /** The evidence for the other side, in milliseconds of a value one gap beyond. */
  readonly evidence: number
}

/** Everything a decision depends on besides its input. Plain data. */
export interface ModeState {
  /** When it was last decided, in epoch milliseconds; null: never. */
  readonly at: number | null
  /** When something was last observed; null: never. */
  readonly observedAt: number | null
  /** The place of the mode. */
  readonly mode: number
  /** When it was entered; null: at the start. */
  readonly since: number | null
  /** Every cause, in the order of the modes. */
  readonly causes: readonly CauseState[]
  /** Of each mode: when it was last left for a better one, and how often in a row it was soon entered again. */
  readonly returns: readonly { readonly leftAt: number | null; readonly relapses: number }[]
  /** The override in force. */
  readonly override: ModeOverride | null
  /** When less than half as many signals failed as make the monitor suspect, for the last time; null: never yet. */
  readonly fineAt: number | null
  /** Since when the monitor has been doubted; null: it is not. */
  readonly doubtedSince: number | null
}

/** What was decided, and why. Plain data. */
export interface ModeDecision {
  /** When. */
  readonly at: number
  /** The mode now. */
  readonly mode: string
  /** The mode before, if it changed; null if it did not. */
  readonly from: string | null
  /** The mode that the causes ask for. */
  readonly wanted: string
  /** The causes believed now, in the order of the modes. */
  readonly causes: readonly string[]
  /** Why it was decided so, in a sentence. */
  readonly reason: string
}

export const causesOf = (modes: readonly Mode[]): readonly (ModeCause & { readonly mode: number })[] =>
  modes.flatMap(({ causes = [] }, mode) => causes.map(cause => ({ ...cause, mode })))

/** Where it all begins: in the best mode, knowing nothing. */
export const firstModeState = ({ modes }: ModeRules): ModeState => ({
  at: null,
  observedAt: null,
  mode: 0,
  since: null,
  causes: causesOf(modes).map(() => ({ since: null, evidence: 0 })),
  returns: modes.map(() => ({ leftAt: null, relapses: 0 })),
  override: null,
  fineAt: null,
  doubtedSince: null,
})

/**
 * Decides one step. Pure: the same rules, state and input always give the same, which is what makes a record replayable.
 * Time that runs backwards counts as standing still.
 */
export const decideMode = (rules: ModeRules, before: ModeState, input: ModeInput): { readonly state: ModeState; readonly decision: ModeDecision } => {
  const at = Math.max(input.at, before.at ?? input.at)
  let state: ModeState = { ...before, at }
  if (input.type === 'override') state = { ...state, override: input.override }
  if (state.override && state.override.until <= at) state = { ...state, override: null }
  if (input.type === 'observed') state = weigh(rules, doubt(rules, state, input, at), input, at)

  const all = causesOf(rules.modes)
  const believed = all.filter((_, i) => state.causes[i]!.since !== null)
  const wanted = believed.reduce((worst, { mode }) => Math.max(worst, mode), 0)
  const { mode, reason } = choose(rules, state, wanted, at)
  if (mode !== state.mode) state = enter(rules, state, mode, at)
  return {
    state,
    decision: {
      at,
      mode: rules.modes[mode]!.name,
      from: mode === before.mode ? null : rules.modes[before.mode]!.name,
      wanted: rules.modes[wanted]!.name,
      causes: believed.map(cause => cause.name),
      reason,
    },
  }
}

type Observed = Extract<ModeInput, { readonly type: 'observed' }>

/**
 * When every signal fails at once, the monitor is suspect, and acting on it could switch off what works (as Envoy's panic
 * threshold has it for load balancing). What fails bit by bit, or goes on failing while it is known, is believed.
 */
const doubt = ({ panic = {} }: ModeRules, state: ModeState, { failing, unknown }: Observed, at: number): ModeState => {
  if (panic === false) return state
  const { share = 1, withinMs = 15_000, doubtMs = 120_000 } = panic
  const seen = failing < share / 2 ? { ...state, fineAt: at } : state
  if (failing < share) return { ...seen, doubtedSince: null }
  if (state.doubtedSince !== null) return unknown < share && at - state.doubtedSince >= doubtMs ? { ...state, doubtedSince: null } : state
  const sudden = state.fineAt === null ? state.observedAt === null : at - state.fineAt <= withinMs
  return sudden ? { ...state, doubtedSince: at } : state
}

/** Adds up the evidence for and against each cause: Page's CUSUM. Its reference for entering lies midway in the gap. */
const weigh = ({ modes, maxGapMs = 30_000 }: ModeRules, state: ModeState, { measures }: Observed, at: number): ModeState => {
  const elapsed = Math.min(at - (state.observedAt ?? at), maxGapMs)
  const causes = causesOf(modes).map((cause, i): CauseState => {
    const { since, evidence } = state.causes[i]!
    const value = measures[nameOfMeasure(cause.measure)] ?? null
    if (value === null || state.doubtedSince !== null) return state.causes[i]!
    const { below, leaveAt, enterAfterMs = 10_000, leaveAfterMs = 120_000 } = cause
    const begins = below ?? cause.above!
    const gap = leaveAt - begins
    const distance = since === null ? (begins - value) / gap + 0.5 : (value - leaveAt) / gap
    const moved = Math.max(0, evidence + Math.max(-2, Math.min(2, distance)) * elapsed)
    const enough = since === null ? distance > 0.5 && moved > enterAfterMs : distance >= 0 && moved >= leaveAfterMs
    return enough ? { since: since === null ? at : null, evidence: 0 } : { since, evidence: moved }
  })
  return { ...state, causes, observedAt: at }
}

const choose = (rules: ModeRules, state: ModeState, wanted: number, at: number): { readonly mode: number; readonly reason: string } => {
  const { modes } = rules
  const { mode, override, doubtedSince, since } = state
  if (override) {
    return { mode: modes.findIndex(one => one.name === override.mode), reason: `${override.by} says so: ${override.reason}` }
  }
  if (doubtedSince !== null) return { mode, reason: 'Every signal failed at once: the monitor is in doubt.' }
  if (wanted > mode) return { mode: mode + 1, reason: wanted > mode + 1 ? 'One step at a time.' : 'Its causes ask for it.' }
  if (wanted === mode) return { mode, reason: mode === 0 ? 'All is well.' : 'Its causes last.' }
  const stayed = since === null ? Number.POSITIVE_INFINITY : at - since
  const dwell = dwellOf(rules, state)
  if (stayed < dwell) return { mode, reason: `Its causes are gone; it stays for ${Math.ceil((dwell - stayed) / 1_000)} s more.` }
  return { mode: mode - 1, reason: 'Its causes are gone.' }
}

const dwellOf = ({ modes, dwellFactor = 2, maxDwellMs = 1_800_000 }: ModeRules, { mode, returns }: ModeState) => {
  const { minDwellMs = 300_000 } = modes[mode]!
  return Math.max(minDwellMs, Math.min(maxDwellMs, minDwellMs * dwellFactor ** returns[mode]!.relapses))
}

/** Notes a relapse when a mode is entered from a better one soon after it was left for one. */
const enter = ({ relapseWithinMs = 600_000 }: ModeRules, state: ModeState, mode: number, at: number): ModeState => ({
  ...state,
  mode,
  since: at,
  returns: state.returns.map((one, i) => {
    if (i === state.mode && mode < i) return { ...one, leftAt: at }
    if (i !== mode || mode < state.mode) return one
    return { ...one, relapses: one.leftAt !== null && at - one.leftAt <= relapseWithinMs ? one.relapses + 1 : 0 }
  }),
})
