import { expectNumber } from './expect-option.ts'

/** How long to wait between attempts. */
export interface BackoffOptions {
  /** The first wait before jitter, in milliseconds, 0 or more; 100 by default. It doubles with each attempt. */
  readonly baseMs?: number
  /** The longest wait, in milliseconds; 10,000 by default. */
  readonly capMs?: number
  /** The shortest wait, in milliseconds; 0 by default. */
  readonly floorMs?: number
  /**
   * `full` (default) draws evenly between the floor and the exponential wait; `decorrelated` between the floor and three times the wait
   * before, which spreads clients further; `none` waits exactly the exponential wait.
   */
  readonly jitter?: 'full' | 'decorrelated' | 'none'
}

/** Says how long to wait, in milliseconds, after the attempt of this number (1 or more), given the wait before (0 at first). */
export type Backoff = (attempt: number, previousMs: number) => number

/**
 * Makes a backoff: exponential, with jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015). `random` gives numbers in [0, 1).
 * Throws a RangeError unless 0 ≤ floor ≤ cap and base ≥ 0.
 */
export const createBackoff = (
  { baseMs = 100, capMs = 10_000, floorMs = 0, jitter = 'full' }: BackoffOptions = {},
  random: () => number = Math.random,
): Backoff => {
  expectNumber('baseMs', baseMs, 0)
  expectNumber('floorMs', floorMs, 0)
  expectNumber('capMs', capMs, floorMs)
  const within = (ms: number) => Math.min(capMs, Math.max(floorMs, ms))
  const between = (highMs: number) => within(floorMs + random() * (within(highMs) - floorMs))
  const exponential = (attempt: number) => baseMs * 2 ** (attempt - 1)
  if (jitter === 'none') return attempt => within(exponential(attempt))
  if (jitter === 'full') return attempt => between(exponential(attempt))
  return (_, previousMs) => between(Math.max(baseMs, previousMs) * 3)
}
