import type { Clock } from './clock.ts'

/** What the heartbeat watches. */
export interface HeartbeatOptions {
  readonly clock: Clock
  /** Between pings, in milliseconds. */
  readonly pingMs: number
  /** Silence that counts as death, in milliseconds. */
  readonly hungMs: number
  /** Settles when the bot answered, with whatever. */
  readonly ping: () => Promise<void>
  /** Bytes that the bot has written so far. */
  readonly bytes: () => number
  /** Called once. */
  readonly onHung: () => void
}

/**
 * Pings a bot and tells when it has gone silent. Silence is counted in ticks of our own timer, not by the clock, so
 * that a suspended computer or a stalled hive is not held against the bot. A bot that never answered a ping may not
 * know how to: it is left alone.
 *
 * @returns stops watching.
 */
export const watchHeartbeat = ({ clock, pingMs, hungMs, ping, bytes, onHung }: HeartbeatOptions): (() => void) => {
  let pingable = false
  let waiting = false
  let seen = bytes()
  let silentMs = 0
  let cancel = () => {}

  const send = async () => {
    if (waiting) return
    waiting = true
    await ping()
    pingable = true
    waiting = false
  }
  const tick = () => {
    if (bytes() === seen) silentMs += pingMs
    else silentMs = 0
    seen = bytes()
    if (silentMs >= hungMs && pingable) return onHung()
    void send()
    cancel = clock.after(pingMs, tick)
  }

  void send()
  cancel = clock.after(pingMs, tick)
  return () => cancel()
}
