/** Whether a condition holds, with hysteresis in value and in time. Plain data. */
export interface Latch {
  /** Whether it holds. */
  readonly on: boolean
  /** Since when the value has been on the way to the other side, without a break; null if it is not. */
  readonly turningSince: number | null
}

export const released: Latch = { on: false, turningSince: null }

/**
 * Moves a latch on. It turns on when the value has been `beyond` for `forMs`, and off when it has been `clear` for
 * `clearForMs`; between the two it stays, and whatever was on its way starts again.
 */
export const moveLatch = (latch: Latch, at: number, value: { readonly beyond: boolean; readonly clear: boolean }, forMs: number, clearForMs: number): Latch => {
  const turning = latch.on ? value.clear : value.beyond
  if (!turning) return latch.turningSince === null ? latch : { on: latch.on, turningSince: null }
  const since = latch.turningSince ?? at
  return at - since >= (latch.on ? clearForMs : forMs) ? { on: !latch.on, turningSince: null } : { on: latch.on, turningSince: since }
}
