import { HiveError } from '@hivekit/errors'
import { table } from '../markdown.ts'
import type { KeeperCommand } from './hive-api.ts'

const shown = 40

/** `/metrics [filter]` */
export const metrics: KeeperCommand = hive => ({
  name: 'metrics',
  description: 'Shows what the hive measures.',
  hint: '[part of a name]',
  run: async (filter, { signal }) => {
    const { status, body } = await hive.text('/metrics', signal)
    if (status !== 200) throw new HiveError('dependency_failed', `The hive answered ${status} when asked for its metrics.`)
    const samples = readSamples(body).filter(({ name }) => name.includes(filter.toLowerCase()))
    if (samples.length === 0) return filter ? `Nothing measured has "${filter}" in its name.` : 'Nothing was measured yet.'
    const rows = samples.slice(0, shown).map(({ name, labels, value }) => [name, labels, value])
    const rest = samples.length > shown ? `\n\n${samples.length - shown} more: ask for a part of their name.` : ''
    return table(['Metric', 'Labels', 'Value'], rows) + rest
  },
})

/** Reads the Prometheus text format; the buckets of histograms are left out. */
const readSamples = (text: string) => text.split('\n').flatMap(line => {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? []
  return name === undefined || value === undefined || name.endsWith('_bucket') ? [] : [{ name, labels, value }]
})
