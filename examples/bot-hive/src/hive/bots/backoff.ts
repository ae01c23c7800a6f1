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
  let inARow = 0
  return {
    crashed: healthyMs => {
      if (healthyMs >= limits.healthyMs) inARow = 0
      inARow++
      if (inARow >= limits.maxCrashes) return { retry: false, crashes: inARow }
      const full = Math.min(limits.restartMaxMs, limits.restartMinMs * 2 ** (inARow - 1))
      // Half of it certain, half of it by chance: bots that fell together do not rise together.
      return { retry: true, delayMs: Math.round(full / 2 + (full / 2) * random()) }
    },
    reset: () => {
      inARow = 0
    },
  }
}
