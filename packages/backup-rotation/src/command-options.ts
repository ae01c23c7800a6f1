import { parseArgs } from 'node:util'
import type { RotationPolicy } from './rotation-policy.ts'

/** Every option of the command. */
const options = {
  vault: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, 'dry-run': { type: 'boolean' },
  tag: { type: 'string', multiple: true }, sqlite: { type: 'string', multiple: true }, postgres: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true }, force: { type: 'boolean' }, verify: { type: 'boolean' }, quota: { type: 'string' }, level: { type: 'string' },
  depth: { type: 'string' }, budget: { type: 'string' }, into: { type: 'string' }, zip: { type: 'string' }, only: { type: 'string', multiple: true },
  links: { type: 'string' }, clean: { type: 'boolean' }, 'min-age': { type: 'string' }, years: { type: 'string' }, every: { type: 'string' },
  last: { type: 'string' }, hourly: { type: 'string' }, daily: { type: 'string' }, weekly: { type: 'string' }, monthly: { type: 'string' },
  yearly: { type: 'string' }, within: { type: 'string' }, 'keep-tag': { type: 'string', multiple: true },
} as const

/** The command line, read. */
export type CommandOptions = ReturnType<typeof readCommandLine>['values']

/** Reads the command line strictly. Throws `TypeError` for an option that is unknown or lacks its value. */
export const readCommandLine = (args: readonly string[]) => parseArgs({ args: [...args], options, allowPositionals: true, strict: true })

const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 }
const unitMs: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 }

/** Reads a size like `20G` or `512MiB`. */
export const readBytes = (name: string, text: string): number => {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?$/i.exec(text) ?? []
  const factor = unitBytes[unit.toLowerCase()]
  if (count === undefined || factor === undefined) throw new RangeError(`Expected --${name} like 20G or 512MiB, got ${JSON.stringify(text)}.`)
  return Math.round(Number(count) * factor)
}

/** Reads a span like `30s`, `10m`, `24h` or `7d`. */
export const readSpanMs = (name: string, text: string): number => {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  if (count === undefined) throw new RangeError(`Expected --${name} like 30s, 10m, 24h or 7d, got ${JSON.stringify(text)}.`)
  return Number(count) * unitMs[unit!]!
}

/** Reads a whole number. */
export const readCount = (name: string, text: string): number => {
  if (!/^-?\d+$/.test(text)) throw new RangeError(`Expected --${name} to be a whole number, got ${JSON.stringify(text)}.`)
  return Number(text)
}

/** Puts the policy together from its options; undefined when none was given. */
export const readPolicy = (values: CommandOptions): RotationPolicy | undefined => {
  const counts = (['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const)
    .flatMap(key => (values[key] === undefined ? [] : [[key, readCount(key, values[key])] as const]))
  const policy: RotationPolicy = {
    ...Object.fromEntries(counts), ...(values.within !== undefined && { within: values.within }),
    ...(values['keep-tag'] && { tags: values['keep-tag'].map(list => list.split(',')) }),
  }
  return Object.keys(policy).length === 0 ? undefined : policy
}
