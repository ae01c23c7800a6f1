import { createMemoryHistory, dashboardJsonSchema, defineDashboard, hiveAlerts, hiveDashboard, readDashboard, renderDashboard, toGrafana, toGrafanaV2, toPerses, toPrometheusRules } from '@hivekit/metrics'
import type { Dashboard as ClassicDashboard } from '@grafana/schema'
import type { Spec } from '@grafana/schema/apis/dashboard.grafana.app/v2beta1'
import type { DashboardResource } from '@perses-dev/core'
import { chromium } from 'playwright-core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { needs } from './installed.ts'
import { must } from './must.ts'

const one = defineDashboard({
  name: 'one', title: 'One', variables: [{ name: 'bot', match: 'up', label: 'bot' }],
  panels: [
    { title: 'A', kind: 'time-series', queries: [{ match: 'up{bot=~"$bot"}', legend: 'bot {{bot}}' }], width: 16 },
    { title: 'B', kind: 'stat', queries: [{ match: 'calls_total', fn: 'rate', windowMs: 60_000, aggregate: 'sum' }], row: 'Second', alerts: ['Slow & sad'] },
    { title: 'C', kind: 'gauge', queries: [{ match: 'up' }], thresholds: [{ from: 1, level: 'critical' }] },
  ],
})

describe('a definition', () => {
  it('is checked, saying what is wrong and where', () => {
    expect(() => defineDashboard({ name: 'A b', title: '', panels: [] })).toThrow(/name[\s\S]*title[\s\S]*panels/)
    expect(() => defineDashboard({ name: 'a', title: 'A', panels: [{ title: 'P', kind: 'stat', queries: [{ match: 'x{y="$z"}' }] }] })).toThrow('uses the variable $z')
    expect(() => defineDashboard({ name: 'a', title: 'A', panels: [{ title: 'P', kind: 'stat', queries: [{ match: 'x{' }] }] })).toThrow('Expected a label')
  })

  it('has a JSON Schema that says the same', () => {
    const schema = z.fromJSONSchema(dashboardJsonSchema())
    expect(schema.safeParse(hiveDashboard()).success).toBe(true)
    expect(schema.safeParse({ ...hiveDashboard(), panels: [{ title: 'x', kind: 'pie', queries: [{ match: 'x' }] }] }).success).toBe(false)
  })
})

describe('compilers', () => {
  it('make what Grafana and Perses have types for', () => {
    // Grafana's enums stand in its types where its JSON has their values.
    type Plain<T> = T extends string ? `${T}` : T extends number ? number : T extends readonly (infer I)[] ? Plain<I>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
    expectTypeOf(toGrafana(one)).toExtend<Plain<ClassicDashboard>>()
    expectTypeOf(toGrafanaV2(one).spec).toExtend<Spec>()
    expectTypeOf(toPerses(one).spec).toExtend<DashboardResource['spec']>()
  })

  it('keep queries, places, thresholds, variables and links', () => {
    const grafana = toGrafana(one, { datasourceUid: 'prom' })
    expect(grafana.panels.map(panel => [panel.type, panel.gridPos])).toEqual([
      ['timeseries', { x: 0, y: 0, w: 16, h: 8 }], ['row', { x: 0, y: 8, w: 24, h: 1 }], ['stat', { x: 0, y: 9, w: 12, h: 8 }], ['gauge', { x: 12, y: 9, w: 12, h: 8 }],
    ])
    expect(grafana.templating.list).toMatchObject([{ name: 'bot', type: 'query', query: { query: 'label_values(up, bot)' } }])
    expect(JSON.stringify(grafana)).toContain('/alerting/list?search=Slow%20%26%20sad')
    expect(grafana.panels[2]).toMatchObject({ targets: [{ expr: 'sum(rate(calls_total[1m]))', datasource: { uid: 'prom' } }] })
    expect(grafana.panels[3]).toMatchObject({ fieldConfig: { defaults: { thresholds: { steps: [{ value: null, color: 'green' }, { value: 1, color: 'red' }] } } } })
    const v2 = toGrafanaV2(one)
    expect(v2.spec.layout.spec.items[2]!.spec).toMatchObject({ x: 12, y: 9, element: { name: 'panel-3' } })
    const perses = toPerses(one)
    expect(perses.spec.layouts.map(layout => layout.spec.items.map(item => [item.y, item.content.$ref]))).toEqual([
      [[0, '#/spec/panels/panel1']], [[0, '#/spec/panels/panel2'], [0, '#/spec/panels/panel3']],
    ])
  })

  it('stand behind the default dashboard and its alerts', () => {
    const names = hiveAlerts().map(alert => alert.name)
    for (const panel of hiveDashboard().panels) for (const alert of panel.alerts ?? []) expect(names).toContain(alert)
    expect(toPrometheusRules(hiveAlerts())).toContain('HiveSilent')
  })
})

describe('reading', () => {
  it('asks for the chosen values of variables, and names lines as the panel says', async () => {
    const history = createMemoryHistory()
    const samples = ['a.b', 'axb', 'c'].map((bot, value) => ({ labels: { bot }, value }))
    await history.append([{ name: 'up', help: 'Up.', type: 'gauge', samples }], { at: 60_000 })
    const names = async (bot?: string | string[]) =>
      must(await readDashboard(one, history, { from: 60_000, to: 60_000, ...(bot === undefined ? {} : { variables: { bot } }) })).panels[0]!.lines.map(line => line.name)
    expect(await names()).toEqual(['bot a.b', 'bot axb', 'bot c'])
    expect(await names('a.b')).toEqual(['bot a.b'])
    expect(await names(['a.b', 'c'])).toEqual(['bot a.b', 'bot c'])
  })
})

describe('the page', () => {
  it.runIf(needs('chromium'))('draws every panel under its own policy, with the data behind it, and never what a label says', async () => {
    const history = createMemoryHistory()
    const evil = '<img src=x onerror=window.hurt=1></script>'
    for (let i = 0; i <= 60; i++) {
      const at = i * 60_000
      const buckets = ['0.1', '1', '+Inf'].map((le, b) => ({ labels: { bot: 'a', le }, value: i * (b + 1) }))
      await history.append([
        { name: 'hive_bot_up', help: 'Up.', type: 'gauge', samples: [{ labels: { bot: 'a' }, value: i < 30 ? 1 : 0 }] },
        { name: 'hive_messages_total', help: 'M.', type: 'counter', samples: [{ labels: { bot: evil }, value: i * 3 }] },
        { name: 'hive_reply_seconds_bucket', help: 'R.', type: 'unknown', samples: buckets },
      ], { at })
    }
    const page = renderDashboard(must(await readDashboard(hiveDashboard(), history, { from: 600_000, to: 3_600_000, stepMs: 60_000 })))
    const browser = await chromium.launch({ executablePath: process.env['CHROME_PATH'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
    try {
      const tab = await browser.newPage()
      const errors: string[] = []
      tab.on('pageerror', error => errors.push(String(error))).on('console', message => { if (message.type() === 'error') errors.push(message.text()) })
      await tab.setContent(page)
      await tab.waitForFunction('document.querySelectorAll(".uplot canvas").length >= 2')
      expect(errors).toEqual([])
      expect(await tab.evaluate('window.hurt')).toBeUndefined()
      expect(await tab.locator('section').count()).toBe(hiveDashboard().panels.length)
      expect(await tab.locator('details table').count()).toBeGreaterThanOrEqual(5)
      expect(await tab.locator('.states rect').count()).toBe(2)
      expect(await tab.locator('.heat rect').count()).toBeGreaterThan(100)
    } finally {
      await browser.close()
    }
  })
})
