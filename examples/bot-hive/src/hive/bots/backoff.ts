import { createBackoff } from '@hivekit/errors'
import type { BotLimits } from './bot.ts'

/** What to do after a crash. */
export type AfterCrash = { readonly retry: true, readonly delayMs: number } | { readonly retry: false, readonly crashes: number }

/** Decides when a crashed bot starts again: growing, jittered waits, and none after too many crashes in a row. */
export interface RestartPolicy {
  /** Tells of a crash after so many milliseconds of running well, 0 when it never became ready. */
  crashed(healthyMs: number): AfterCrash
  /** A person launched it: earlier crashes are forgotten. */
  reset(): void
}

/** Makes a {@link RestartPolicy}. */
export const createRestartPolicy = (
  limits: Pick<BotLimits, 'restartMinMs' | 'restartMaxMs' | 'healthyMs' | 'maxCrashes'>,
  random: () => number,
): RestartPolicy => {
  // Never at once, and spread by chance: bots that fell together do not rise together.
  const backoff = createBackoff({ baseMs: limits.restartMinMs, capMs: limits.restartMaxMs, floorMs: limits.restartMinMs / 2 }, random)
  let inARow = 0
  return {
    crashed: healthyMs => {
      if (healthyMs >= limits.healthyMs) inARow = 0
      inARow++
      if (inARow >= limits.maxCrashes) return { retry: false, crashes: inARow }
      return { retry: true, delayMs: Math.round(backoff(inARow, 0)) }
    },
    reset: () => {
      inARow = 0
    },
  }
}
