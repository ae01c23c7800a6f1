// `npm run bench -- <package> [--json]`: runs bench/index.ts of a package or of the bot hive.
// Its default export measures and returns rows; this prints them as a table, or as one JSON array.
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** One measured case: our cost against the best peer's. `ratio` is ours over the peer's, for a rate the peer's over ours; lower is better. */
export interface BenchRow {
  readonly case: string
  readonly ours: number
  readonly peer: number | null
  readonly unit: string
  readonly ratio: number | null
}

const root = join(import.meta.dirname, '..')
const folders = globSync(['packages/*/bench/index.ts', 'examples/*/bench/index.ts'], { cwd: root })
const names = folders.map(f => f.split(/[\\/]/)[1]!).toSorted()
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' }, help: { type: 'boolean' } } })
const [name] = positionals

if (values.help || !name || !names.includes(name)) {
  const say = values.help ? console.log : console.error
  say(`Usage: npm run bench -- <package> [--json]\n\nPackages with benchmarks: ${names.join(', ') || 'none yet'}`)
  process.exit(values.help ? 0 : 2)
}

const file = folders.find(f => f.split(/[\\/]/)[1] === name)!
if (!existsSync(join(root, file))) throw new Error(`No ${file}.`)
const { default: bench } = (await import(join(root, file))) as { default: () => Promise<BenchRow[]> }
const rows = await bench()
if (values.json) console.log(JSON.stringify(rows))
else console.table(rows)
