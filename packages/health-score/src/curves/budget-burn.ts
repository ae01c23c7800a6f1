import type { UtilityCurve } from './utility-curve.ts'

/** What was promised, and how fast breaking it may go. */
export interface BudgetBurnOptions {
  /** The promised share of good events, within 0–1 exclusive, for instance 0.99. */
  readonly objective: number
  /**
   * The burn rate at which utility is 0, above 1. Default 14.4: the rate that spends two days' budget of
   * thirty in an hour (2 % an hour), the page-now threshold of the SRE Workbook, chapter 5.
   */
  readonly exhaustedAt?: number
}

/**
 * Makes a curve over an error ratio (0–1) that asks how fast it burns the error budget of an objective:
 * utility 1 while the budget lasts (burn rate up to 1), falling with the logarithm of the rate to 0.
 *
 * @throws RangeError if the objective is not within 0–1 or `exhaustedAt` not above 1.
 *
 * @example
 * ```ts
 * import { budgetBurn } from '@hivekit/health-score'
 *
 * const errors = budgetBurn({ objective: 0.99 })
 * errors.utility(0.01) // 1: exactly the budget
 * errors.utility(0.144) // 0: fourteen times the budget
 * ```
 */
export const budgetBurn = ({ objective, exhaustedAt = 14.4 }: BudgetBurnOptions): UtilityCurve => {
  if (!(objective > 0 && objective < 1)) throw new RangeError(`Expected objective within 0–1 exclusive, got ${objective}.`)
  if (!(exhaustedAt > 1 && Number.isFinite(exhaustedAt))) throw new RangeError(`Expected exhaustedAt above 1, got ${exhaustedAt}.`)
  const budget = 1 - objective
  const span = Math.log(exhaustedAt)
  return {
    better: 'lower',
    target: budget,
    utility: ratio => (ratio <= budget ? 1 : Math.max(0, 1 - Math.log(ratio / budget) / span)),
  }
}
