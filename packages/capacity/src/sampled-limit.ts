import type { Clock } from './clock.ts'
import { expectNumber } from './expect.ts'
import type { Limit } from './limit.ts'

/** What the three limits that read something from outside share. */
export interface SamplingOptions {
  /** How often it is read, in milliseconds, 10 or more. Default 250. */
  readonly sampleMs?: number
  /** Once full, it stays full until the reading falls below this share of `max`, from 0 to 1. Default 0.95. */
  readonly resumeRatio?: number
}

interface SampledSource extends SamplingOptions {
  readonly kind: string
  readonly unit: string
  readonly clock: Clock
  max: number
  /** Reads the value now. A value that is not finite means unknown; an unknown value refuses nothing. */
  readonly read: () => number
  /** Adds what is reserved but not read yet. */
  readonly adjust?: (read: number, cost: number) => number
}

/** A limit over a reading that is taken on a timer, never per decision, with hysteresis so that it does not flap. */
export const createSampledLimit = (
  source: SampledSource,
): Pick<Limit, 'kind' | 'freedBy' | 'waitMs' | 'usage' | 'onRoom'> & { readonly changed: () => void; readonly dispose: () => void } => {
  const sampleMs = expectNumber('sampleMs', source.sampleMs ?? 250, 10)
  const resumeRatio = expectNumber('resumeRatio', source.resumeRatio ?? 0.95, 0, 1)
  const { clock } = source
  let last = Number.NaN
  let full = false
  let nextMs = 0
  let onRoom = (): void => {}
  let cancel = (): void => {}

  const judge = (): void => {
    const was = full
    full = last >= source.max || (was && last >= source.max * resumeRatio)
    if (was && !full) onRoom()
  }
  const sample = (): void => {
    let read: number
    try {
      read = source.read()
    } catch {
      read = Number.NaN
    }
    last = read
    judge()
    nextMs = clock.now() + sampleMs
    cancel = clock.after(sampleMs, sample)
  }
  sample()

  const { adjust } = source
  return {
    kind: source.kind,
    freedBy: 'time',
    waitMs: (_key, cost, nowMs) =>
      full || (adjust !== undefined && adjust(last, cost) > source.max) ? Math.max(1, nextMs - nowMs) : 0,
    usage: () => {
      const used = adjust === undefined ? last : adjust(last, 0)
      return { used: Number.isFinite(used) ? used : null, max: source.max, unit: source.unit }
    },
    onRoom: listener => {
      onRoom = listener
    },
    changed: () => {
      judge()
      onRoom()
    },
    dispose: () => cancel(),
  }
}
