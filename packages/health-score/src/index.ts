export type { AlertRule, AlertThreshold, Severity } from './alert-rule.ts'
export { createAlerts, type ActiveAlert, type AlertChange, type AlertEvent, type Alerts, type AlertsOptions } from './alerts.ts'
export { systemClock, type Clock } from './clock.ts'
export type { Combine } from './combine.ts'
export { apdex } from './curves/apdex.ts'
export { budgetBurn, type BudgetBurnOptions } from './curves/budget-burn.ts'
export { logistic, type LogisticOptions } from './curves/logistic.ts'
export { piecewise } from './curves/piecewise.ts'
export type { UtilityCurve } from './curves/utility-curve.ts'
export { explainModel, explainScore } from './explain.ts'
export type { FlappingOptions } from './flap-detector.ts'
export { toHealthJson, type HealthAnswer, type HealthJson, type HealthJsonCheck, type HealthJsonOptions } from './health-json.ts'
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
export {
  createHealthMonitor,
  type HealthMonitor,
  type HealthMonitorEvent,
  type HealthMonitorOptions,
  type HealthMonitorSnapshot,
} from './health-monitor.ts'
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
export type { HealthSource, SourceMember, SourceReading, SourceValue } from './health-source.ts'
export { createHistory, type History, type HistoryOptions, type TimeSeries } from './history.ts'
export { fileHistoryStore, type HistoryStore } from './history-store.ts'
export type { Measure } from './measure.ts'
export type { CauseState, ModeDecision, ModeInput, ModeOverride, ModeState } from './modes/decide-mode.ts'
export {
  createModeManager,
  replayModes,
  type ActiveCause,
  type CurrentMode,
  type ModeManager,
  type ModeManagerOptions,
  type ModeRecord,
  type ModeStep,
  type OverrideOptions,
} from './modes/mode-manager.ts'
export { standardModes, type Mode, type ModeCause, type ModeRules, type PanicOptions, type StandardModesOff } from './modes/mode.ts'
export type { MemberReading, Reading, ValueReading } from './reading.ts'
export { responsivenessModel, type ResponsivenessOptions, type ResponsivenessSignal } from './responsiveness-model.ts'
export { scoreHealth } from './score-health.ts'
export type { SourceSnapshot } from './source-reader.ts'
export { httpSource, type HttpSourceOptions } from './sources/http-source.ts'
export { metricsSource, type LatestMetric, type MetricsSourceOptions } from './sources/metrics-source.ts'
export { processSource, type ProcessSignal, type ProcessSourceOptions } from './sources/process-source.ts'
export { snapshotSource, type SnapshotSourceOptions } from './sources/snapshot-source.ts'
export { analyseTrend, type Shift, type TimeToThreshold, type Trend, type TrendOptions } from './trend/analyse-trend.ts'
export { findChangePoint, type ChangePoint } from './trend/change-point.ts'
export { cusum, type CusumAlarm, type CusumOptions } from './trend/cusum.ts'
export { ewma } from './trend/ewma.ts'
export { mannKendall, type MannKendall } from './trend/mann-kendall.ts'
export { findSeasonality, type Seasonality } from './trend/seasonality.ts'
export { theilSen, type TheilSenLine } from './trend/theil-sen.ts'
