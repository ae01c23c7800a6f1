import { HiveError, isHiveError } from '@hivekit/errors'
import { z } from 'zod'
import { duration, table } from '../markdown.ts'
import type { HiveApi, KeeperCommand } from './hive-api.ts'
import { sparkline } from './sparkline.ts'

const shown = 40
const hourMs = 3_600_000
const stepMs = 120_000

/** `/metrics [name]`: all figures as they are; those with a part of their name; or one figure, and how it was in the last hour. */
export const metrics: KeeperCommand = hive => ({
  name: 'metrics',
  description: 'Shows what the hive measures, and of one figure how it was.',
  hint: '[name or a part of it]',
  run: async (filter, { signal }) => {
    const { status, body } = await hive.text('/metrics', signal)
    if (status !== 200) throw new HiveError('dependency_failed', `The hive answered ${status} when asked for its metrics.`)
    const all = readSamples(body)
    const history = all.some(({ name }) => name === filter) ? await lastHour(hive, filter, signal) : undefined
    if (history) return history
    const samples = all.filter(({ name }) => name.includes(filter.toLowerCase()))
    if (samples.length === 0) return filter ? `Nothing measured has "${filter}" in its name.` : 'Nothing was measured yet.'
    const rows = samples.slice(0, shown).map(({ name, labels, value }) => [name, labels, value])
    const rest = samples.length > shown ? `\n\n${samples.length - shown} more: ask for a part of their name.` : ''
    return table(['Metric', 'Labels', 'Value'], rows) + rest
  },
})

const Answer = z.object({
  times: z.array(z.number()),
  series: z.array(z.object({ labels: z.record(z.string(), z.string()), values: z.array(z.number().nullable()) })),
})

/** The last hour of one metric, each series a line; nothing when nothing was kept. */
const lastHour = async (hive: HiveApi, name: string, signal: AbortSignal): Promise<string | undefined> => {
  const to = Date.now()
  const asked = new URLSearchParams({ match: name, from: String(to - hourMs), to: String(to), stepMs: String(stepMs) })
  try {
    const { times, series } = await hive.get(`/api/metrics/query?${asked.toString()}`, Answer, signal)
    const first = times.findIndex((_, i) => series.some(({ values }) => values[i] !== null))
    if (first < 0) return
    const rows = series.slice(0, shown).map(({ labels, values }) => {
      const known = values.filter(value => value !== null)
      const named = Object.entries(labels).filter(([label]) => label !== '__name__').map(([label, value]) => `${label}="${value}"`).join(',')
      return [named, sparkline(values.slice(first)), ...[known.at(-1), Math.min(...known), Math.max(...known)].map(figure)]
    })
    const span = to - times[first]!
    const rest = series.length > shown ? `\n\n${series.length - shown} more.` : ''
    return `**${name}** ${span < stepMs ? 'now' : `in the last ${duration(span)}`}\n\n${table(['Labels', 'Course', 'Last', 'Least', 'Most'], rows)}${rest}`
  } catch (error) {
    if (isHiveError(error)) return // What is now can still be told.
    throw error
  }
}

const figure = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? '–' : String(Number(value.toPrecision(6))))

/** Reads the Prometheus text format; the buckets of histograms are left out. */
const readSamples = (text: string) => text.split('\n').flatMap(line => {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
  return name === undefined || value === undefined || name.endsWith('_bucket') ? [] : [{ name, labels, value }]
})
