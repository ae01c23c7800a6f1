import { systemClock, type Clock } from './clock.ts'
import { expectNumber } from './expect.ts'
import {
  createScalingArithmetic,
  type ScalingDecision,
  type ScalingInput,
  type ScalingReading,
  type ScalingRulesOptions,
} from './scaling-rules.ts'
import { createTrend, type Trend } from './trend.ts'

/** Something that says how many instances are needed. */
export interface ScalingSignal {
  /** Reads it. `undefined`, `NaN` or throwing means missing: then nothing is scaled down. */
  readonly read: () => number | undefined
  /** What it should read, above 0. */
  readonly target: number
  /**
   * `value`: a reading of the whole fleet, such as utilisation or the oldest wait. `average`: a total that instances share, such as
   * work that waits, `target` being the share of one. Default `value`.
   */
  readonly type?: 'value' | 'average'
  /** Looks so far ahead, in milliseconds: what counts is the reading plus its rise over that time, so the fleet grows before it must. */
  readonly leadMs?: number
}

/** What {@link createAutoscaler} is made of. */
export interface AutoscalerOptions extends ScalingRulesOptions {
  /** What to go by. The one that asks for most decides. */
  readonly signals: Readonly<Record<string, ScalingSignal>>
  /** How many instances there really are. Asked before each decision and to verify it. */
  readonly current: () => number | Promise<number>
  /** Brings the fleet to `count`. Down must drain: an instance that works is left to finish. */
  readonly scale: (count: number, options: { readonly signal: AbortSignal }) => void | Promise<void>
  /** How often to decide once started, in milliseconds. Default 15,000. */
  readonly intervalMs?: number
  /** How long the fleet may take to reach what was asked for, in milliseconds. Default 60,000. */
  readonly verifyWithinMs?: number
  /** How often it is looked at meanwhile, in milliseconds. Default 250. */
  readonly verifyEveryMs?: number
  /** Calls back with every decision, once it was carried out and verified, or was not. */
  readonly onDecision?: (scaling: Scaling) => void
  /** Where time comes from. Default: the computer. */
  readonly clock?: Clock
}

/** A decision, and what came of it. */
export interface Scaling extends ScalingDecision {
  /** `none`: nothing to do. `reached`: the fleet was counted and is as desired. `not-reached`: it was not in time. `failed`: `scale` threw. */
  readonly outcome: 'none' | 'reached' | 'not-reached' | 'failed'
  /** How many instances were counted at the end. */
  readonly counted: number
  /** What `scale` or `current` threw. */
  readonly error?: unknown
}

/** Keeps a fleet at the size its signals ask for. */
export interface Autoscaler extends AsyncDisposable {
  /** Decides now, carries it out, and resolves when it was verified. Never rejects; evaluations never overlap. */
  evaluate(): Promise<Scaling>
  /** Evaluates every `intervalMs` until disposed. */
  start(): void
  /** The last 1,000 evaluations, the oldest first. Feed them to {@link replayScaling}. */
  log(): readonly Scaling[]
}

const logSize = 1000

/**
 * Scales a fleet by the exact arithmetic of the Kubernetes HPA, and verifies that the fleet followed.
 *
 * @example
 * ```ts
 * import { createAutoscaler } from '@hivekit/capacity'
 *
 * let workers = 1
 * await using autoscaler = createAutoscaler({
 *   min: 1,
 *   max: 10,
 *   signals: { waiting: { read: () => 12, target: 4, type: 'average' } },
 *   current: () => workers,
 *   scale: count => {
 *     workers = count
 *   },
 * })
 * const { desired, message } = await autoscaler.evaluate()
 * desired // 3
 * message // 'waiting reads 12 for a target of 4 each.'
 * ```
 */
export const createAutoscaler = (options: AutoscalerOptions): Autoscaler => {
  const clock = options.clock ?? systemClock
  const intervalMs = expectNumber('intervalMs', options.intervalMs ?? 15_000, 1)
  const verifyWithinMs = expectNumber('verifyWithinMs', options.verifyWithinMs ?? 60_000, 0)
  const verifyEveryMs = expectNumber('verifyEveryMs', options.verifyEveryMs ?? 250, 1)
  const arithmetic = createScalingArithmetic(options)
  const signals = Object.entries(options.signals).map(([name, signal]) => ({
    name,
    ...signal,
    target: expectNumber(`signals.${name}.target`, signal.target, Number.MIN_VALUE),
    trend: signal.leadMs === undefined ? undefined : createTrend(4 * expectNumber(`signals.${name}.leadMs`, signal.leadMs, 1)),
  }))
  const stopped = new AbortController()
  const log: Scaling[] = []
  let cancelTimer = (): void => {}
  let last: Promise<unknown> = Promise.resolve()

  const readAll = (atMs: number): ScalingReading[] =>
    signals.map(({ name, read, target, type = 'value', leadMs = 0, trend }) => ({
      name,
      target,
      type,
      value: ahead(readSafely(read), atMs, leadMs, trend),
    }))

  /** Resolves after `delayMs`, or at once when disposed. */
  const pause = (delayMs: number): Promise<void> =>
    new Promise(resolve => {
      const cancel = clock.after(delayMs, resolve)
      stopped.signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
    })

  const verify = async (desired: number): Promise<number> => {
    const untilMs = clock.now() + verifyWithinMs
    for (;;) {
      const counted = await options.current()
      if (counted === desired || clock.now() >= untilMs || stopped.signal.aborted) return counted
      await pause(verifyEveryMs)
    }
  }

  const carryOut = async (): Promise<Scaling> => {
    const atMs = clock.now()
    let decision: ScalingDecision | undefined
    let counted = Number.NaN
    try {
      counted = await options.current()
      decision = arithmetic.decide({ atMs, current: counted, readings: readAll(atMs) })
      if (decision.desired === counted) return { ...decision, outcome: 'none', counted }
      await options.scale(decision.desired, { signal: stopped.signal })
      arithmetic.changed(atMs, decision.desired - counted)
      counted = await verify(decision.desired)
      return { ...decision, outcome: counted === decision.desired ? 'reached' : 'not-reached', counted }
    } catch (error) {
      const held = { atMs, current: counted, readings: [], desired: counted, recommended: counted } as const
      decision ??= { ...held, reason: 'missing', message: 'Held: the fleet could not be counted.' }
      return { ...decision, outcome: 'failed', counted, error }
    }
  }

  const evaluate = (): Promise<Scaling> => {
    const next = last.then(async () => {
      const scaling = await carryOut()
      log.push(scaling)
      if (log.length > logSize) log.shift()
      options.onDecision?.(scaling)
      return scaling
    })
    last = next.catch(() => {})
    return next
  }

  const tick = (): void => {
    void evaluate().finally(() => {
      if (!stopped.signal.aborted) cancelTimer = clock.after(intervalMs, tick)
    })
  }

  return {
    evaluate,
    start: () => {
      cancelTimer()
      cancelTimer = clock.after(intervalMs, tick)
    },
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      cancelTimer()
      stopped.abort()
      await last
    },
  }
}

const readSafely = (read: () => number | undefined): number | undefined => {
  try {
    const value = read()
    return value !== undefined && Number.isFinite(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The reading plus its rise over the time ahead. A fall is not anticipated: growing early is cheap, shrinking early is not. */
const ahead = (value: number | undefined, atMs: number, leadMs: number, trend: Trend | undefined): number | undefined => {
  if (value === undefined || !trend) return value
  trend.add(atMs, value)
  return value + Math.max(0, trend.slope() * leadMs)
}

/**
 * Decides again over a log, as {@link Autoscaler.log} keeps it: the same inputs give the same decisions, so that a change of rules
 * can be tried on what really happened. Scales nothing.
 *
 * @example
 * ```ts
 * import { replayScaling } from '@hivekit/capacity'
 *
 * const readings = [{ name: 'load', value: 90, target: 50, type: 'value' as const }]
 * const [decision] = replayScaling({ min: 1, max: 10 }, [{ atMs: 0, current: 2, readings }])
 * decision?.desired // 4
 * ```
 */
export const replayScaling = (options: ScalingRulesOptions, log: readonly ScalingInput[]): readonly ScalingDecision[] => {
  const arithmetic = createScalingArithmetic(options)
  return log.map(entry => {
    const { atMs, current, readings } = entry
    const decision = arithmetic.decide({ atMs, current, readings })
    if (decision.desired !== current && !('outcome' in entry && entry.outcome === 'failed')) arithmetic.changed(atMs, decision.desired - current)
    return decision
  })
}
