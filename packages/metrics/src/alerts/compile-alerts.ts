import { durationText } from '../query/promql.ts'
import { toYaml, type YamlValue } from '../yaml.ts'
import { conditionPromQL } from './condition.ts'
import { defineAlert, type AlertDefinition } from './define-alert.ts'

/** Options of {@link toPrometheusRules}. */
export interface PrometheusRulesOptions {
  /** The name of the rule group. Default `hivekit`. */
  readonly group?: string
  /** How often Prometheus evaluates the group, milliseconds. Default: its own setting. */
  readonly intervalMs?: number
}

/**
 * Compiles alerts to a Prometheus rule file. `keep_firing_for` needs Prometheus 2.42 or newer.
 *
 * @example
 * ```ts
 * import { defineAlert, toPrometheusRules } from '@hivekit/metrics'
 *
 * const rules = toPrometheusRules([defineAlert({
 *   name: 'Quiet', severity: 'warning', summary: 'Nothing is heard of it',
 *   condition: { kind: 'absence', match: 'up{job="hive"}', windowMs: 300_000 },
 * })])
 * rules.includes('expr: "absent_over_time(up{job=\\"hive\\"}[5m])"') // true
 * ```
 */
export const toPrometheusRules = (alerts: readonly AlertDefinition[], { group = 'hivekit', intervalMs }: PrometheusRulesOptions = {}): string =>
  toYaml({
    groups: [{
      name: group,
      ...(intervalMs === undefined ? {} : { interval: durationText(intervalMs) }),
      rules: alerts.map(alert => ruleOf(defineAlert(alert))),
    }],
  })

const ruleOf = (alert: AlertDefinition): YamlValue => {
  const { name, severity, forMs = 0, keepFiringForMs = 0, labels, summary, description, runbookUrl } = alert
  return {
    alert: name,
    expr: conditionPromQL(alert),
    ...(forMs > 0 ? { for: durationText(forMs) } : {}),
    ...(keepFiringForMs > 0 ? { keep_firing_for: durationText(keepFiringForMs) } : {}),
    labels: { ...labels, severity },
    annotations: { summary, ...(description === undefined ? {} : { description }), ...(runbookUrl === undefined ? {} : { runbook_url: runbookUrl }) },
  }
}

/** Compiles what alerts say of each other to the `inhibit_rules` of Alertmanager's configuration. */
export const toAlertmanagerInhibitions = (alerts: readonly AlertDefinition[]): string =>
  toYaml({
    inhibit_rules: alerts.flatMap(({ name, inhibitedBy = [] }) => inhibitedBy.map(({ alert, equal = [] }) => ({
      source_matchers: [`alertname="${alert}"`],
      target_matchers: [`alertname="${name}"`],
      equal: [...equal],
    }))),
  })
