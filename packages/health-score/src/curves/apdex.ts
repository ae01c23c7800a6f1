import type { UtilityCurve } from './utility-curve.ts'

/**
 * Makes the Apdex step: 1 up to T (satisfied), 0.5 up to 4T (tolerating), 0 beyond (frustrated).
 * Give a signal one reading a request and combine them by `mean`, and its utility is the Apdex score.
 * Source: Apdex Technical Specification 1.1, Apdex Alliance, 2007.
 *
 * @throws RangeError unless `targetMs` is above 0.
 *
 * @example
 * ```ts
 * import { apdex } from '@hivekit/health-score'
 *
 * apdex({ targetMs: 500 }).utility(1_900) // 0.5
 * ```
 */
export const apdex = ({ targetMs }: { readonly targetMs: number }): UtilityCurve => {
  if (!(targetMs > 0 && Number.isFinite(targetMs))) throw new RangeError(`Expected targetMs above 0, got ${targetMs}.`)
  return { better: 'lower', target: targetMs, utility: ms => (ms <= targetMs ? 1 : ms <= 4 * targetMs ? 0.5 : 0) }
}
