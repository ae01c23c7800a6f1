import { HiveError, isHiveError } from '@hivekit/errors'
import type { Clock } from './clock.ts'
import type { HealthSource, SourceReading } from './health-source.ts'
import type { Reading } from './reading.ts'

/** How one source is doing. */
export interface SourceSnapshot {
  /** The source. */
  readonly name: string
  /** How many reads were begun. */
  readonly reads: number
  /** How many of them failed, timed out included. */
  readonly failures: number
  /** How often it was passed over because its last read had not settled. */
  readonly skipped: number
  /** Whether a read is under way, perhaps one that ignores its signal. */
  readonly reading: boolean
  /** When the last good read began, in epoch milliseconds; null if there was none. */
  readonly lastGoodAt: number | null
  /** How long the last settled read took, in milliseconds; null if there was none. */
  readonly lastDurationMs: number | null
  /** How many readings are held of it: at most 10,000. */
  readonly readings: number
  /** Why the last read failed; null if it did not. */
  readonly error: HiveError | null
}

/** Reads one source, in time, never twice at once, and holds what it gave last. */
export interface SourceReader {
  /** Settles when the read is over or its time is up, with the failure if there is one. Never rejects. */
  read(signal: AbortSignal): Promise<HiveError | null>
  readings(): readonly Reading[]
  snapshot(): SourceSnapshot
}

const maxReadings = 10_000

export const createSourceReader = (source: HealthSource, clock: Clock): SourceReader => {
  const { name, timeoutMs = 5_000 } = source
  if (!(timeoutMs > 0)) throw new RangeError(`Expected timeoutMs of source "${name}" above 0, got ${timeoutMs}.`)
  let held: readonly Reading[] = []
  const state = { reads: 0, failures: 0, skipped: 0, reading: false, lastGoodAt: null as number | null, lastDurationMs: null as number | null, error: null as HiveError | null }

  const failed = (error: HiveError) => {
    state.failures++
    state.error = error
    return error
  }

  const read = async (outer: AbortSignal): Promise<HiveError | null> => {
    if (state.reading) {
      state.skipped++
      return state.error
    }
    const startedAt = clock.now()
    const late = new HiveError('timeout', `Source "${name}" did not answer within ${timeoutMs} ms.`)
    const inner = new AbortController()
    const stop = () => inner.abort(outer.reason)
    const tooLate = new Promise<never>((_, reject) => inner.signal.addEventListener('abort', () => reject(inner.signal.reason as Error), { once: true }))
    const disarm = clock.after(timeoutMs, () => inner.abort(late))
    outer.addEventListener('abort', stop, { once: true })
    if (outer.aborted) stop()
    state.reads++
    state.reading = true
    // The source runs in a promise of its own: it may throw, and it may go on after its time is up.
    const work = (async () => source.read({ signal: inner.signal }))().finally(() => {
      state.reading = false
      state.lastDurationMs = clock.now() - startedAt
    })
    work.catch(() => {})
    try {
      const given = await Promise.race([work, tooLate])
      if (given.length > maxReadings) return failed(new HiveError('too_large', `Source "${name}" gave ${given.length} readings; the most is ${maxReadings}.`))
      held = given.map(one => complete(one, startedAt, name))
      state.lastGoodAt = startedAt
      state.error = null
      return null
    } catch (cause) {
      if (outer.aborted) return new HiveError('cancelled', `Reading source "${name}" was cancelled.`, { cause })
      return failed(isHiveError(cause) ? cause : new HiveError('dependency_failed', `Source "${name}" failed: ${textOf(cause)}`, { cause }))
    } finally {
      disarm()
      outer.removeEventListener('abort', stop)
    }
  }

  return { read, readings: () => held, snapshot: () => ({ name, ...state, readings: held.length }) }
}

const complete = (given: SourceReading, at: number, monitor: string): Reading =>
  'readings' in given
    ? { ...given, readings: given.readings.map(one => complete(one, at, monitor)) }
    : { signal: given.signal, value: given.value, at: given.at ?? at, monitor: given.monitor ?? monitor }

const textOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
