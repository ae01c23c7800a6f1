import { selectorText } from '../query/selector.ts'
import { createMemoryHistory } from '../query/memory-history.ts'
import type { Labels } from '../metric-family.ts'
import { numberText } from '../text-format.ts'
import { durationText } from '../query/promql.ts'
import { toYaml, type YamlValue } from '../yaml.ts'
import { createAlerts } from './create-alerts.ts'
import type { AlertDefinition } from './define-alert.ts'

/** A made-up series: a value at each interval from time 0; null where nothing was measured. */
export interface ScenarioSeries {
  /** The metric's name. */
  readonly name: string
  /** Its labels. Default: none. */
  readonly labels?: Labels
  /** Its values, one an interval. */
  readonly values: readonly (number | null)[]
}

/** Made-up series and how often they are measured and evaluated. */
export interface AlertScenario {
  /** Milliseconds from one value to the next and from one evaluation to the next. */
  readonly intervalMs: number
  /** The series. */
  readonly series: readonly ScenarioSeries[]
  /** The version of Prometheus whose promtool will run the test: windows hold their start in 2, and do not in 3. Default 3. */
  readonly prometheus?: 2 | 3
}

/**
 * Runs alerts over made-up series in the embedded evaluator and writes what it found, at every step, as a test file for
 * `promtool test rules`: when it passes, Prometheus would have had the very same states.
 *
 * @param ruleFile The rule file, as the test file names it; see {@link toPrometheusRules}.
 */
export const toPromtoolTests = async (alerts: readonly AlertDefinition[], scenario: AlertScenario, ruleFile: string): Promise<string> => {
  const { intervalMs, series, prometheus = 3 } = scenario
  const history = createMemoryHistory({ prometheus })
  const evaluator = await createAlerts({ alerts, history })
  const steps = Math.max(0, ...series.map(one => one.values.length))
  const expected: YamlValue[] = []
  for (let i = 0; i < steps; i++) {
    const at = i * intervalMs
    for (const [s, { name, labels = {}, values }] of series.entries()) {
      // Each series is a source of its own, and a missing value is a gap, not an end: promtool's `_`.
      const value = values[i]
      if (value != null) await history.append([{ name, help: name, type: 'unknown', samples: [{ labels, value }] }], { at, source: String(s) })
    }
    const states = await evaluator.evaluate({ at })
    if (states.isErr()) throw states.error
    expected.push({
      expr: 'ALERTS',
      eval_time: durationText(at),
      exp_samples: states.value.filter(alert => alert.state !== 'resolved').map(alert => ({
        labels: selectorText([
          { name: '__name__', op: '=', value: 'ALERTS' },
          ...Object.entries({ ...alert.labels, alertstate: alert.state }).map(([name, value]) => ({ name, op: '=' as const, value })),
        ]),
        value: 1,
      })),
    })
  }
  return toYaml({
    rule_files: [ruleFile],
    evaluation_interval: durationText(intervalMs),
    tests: [{
      interval: durationText(intervalMs),
      input_series: series.map(({ name, labels = {}, values }) => ({
        series: selectorText([{ name: '__name__', op: '=', value: name }, ...Object.entries(labels).map(([label, value]) => ({ name: label, op: '=' as const, value }))]),
        values: values.map(value => (value === null ? '_' : numberText(value))).join(' '),
      })),
      promql_expr_test: expected,
    }],
  })
}
