/**
 * Turns a measured value into utility: 1 is as good as anyone needs, 0 is as bad as it gets.
 * A curve is monotone: going in its bad direction never raises utility. The curves of this package are
 * {@link piecewise}, {@link logistic}, {@link apdex} and {@link budgetBurn}; any object of this shape will do.
 */
export interface UtilityCurve {
  /** Which values are better. */
  readonly better: 'lower' | 'higher'
  /** The value nearest to bad whose utility is still 1: what "at target" means in a counterfactual. */
  readonly target: number
  /** The utility of one value, 0–1. Called only with finite numbers; must be pure. */
  utility(value: number): number
}
