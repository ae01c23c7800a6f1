export { apdex } from './curves/apdex.ts'
export { budgetBurn, type BudgetBurnOptions } from './curves/budget-burn.ts'
export { logistic, type LogisticOptions } from './curves/logistic.ts'
export { piecewise } from './curves/piecewise.ts'
export type { UtilityCurve } from './curves/utility-curve.ts'
export type { Combine } from './combine.ts'
export { explainModel, explainScore } from './explain.ts'
export {
  defineHealthModel,
  type Gate,
  type GradeFloors,
  type HealthModel,
  type HealthModelOptions,
  type ModelSignal,
  type NestedSignal,
  type SignalBasics,
  type ValueSignal,
} from './health-model.ts'
export type {
  Contribution,
  Counterfactual,
  Grade,
  HealthScore,
  MemberScore,
  NotKnown,
  Problem,
  SignalScore,
} from './health-score.ts'
export type { MemberReading, Reading, ValueReading } from './reading.ts'
export { responsivenessModel, type ResponsivenessOptions, type ResponsivenessSignal } from './responsiveness-model.ts'
export { scoreHealth } from './score-health.ts'
