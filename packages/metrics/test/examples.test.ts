import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

// Every example of the README and of the doc comments runs, and where a line says what it answers (`call() // 42`), it does.

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'metrics-examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const modules: Record<string, () => Promise<unknown>> = {
  '@hivekit/metrics': () => import('@hivekit/metrics'),
}
const load = (name: string) => (modules[name] ?? (() => import(name)))()

const examplesOf = (file: string): string[] => {
  const text = readFileSync(join(root, file), 'utf8')
  const source = file.endsWith('.ts') ? text.replaceAll(/^ \* ?/gm, '') : text
  return Array.from(source.matchAll(/^```ts\n(.*?)^```/gms), match => match[1]!)
}

const isLiteral = (text: string) => {
  try {
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
    Function(`return (${text})`)()
    return true
  } catch {
    return false
  }
}

const runnable = (example: string): string => {
  const lines = stripTypeScriptTypes(example).split('\n').map(line => {
    const imported = /^import (\{.*\}) from '(.*)'$/.exec(line)
    if (imported) return `const ${imported[1]!.replaceAll(' as ', ': ')} = await load('${imported[2]}')`
    const claim = /^(?!\s|const |let |await using |using |import |\/\/)(.*?\S) \/\/ (.*)$/.exec(line)
    return claim && isLiteral(claim[2]!) ? `expect(${claim[1]}).toEqual(${claim[2]})` : line
  })
  return lines.join('\n')
}

const files = ['README.md', ...globSync('src/**/*.ts', { cwd: root })]
const all = files.flatMap(file => examplesOf(file).map((example, i) => ({ name: `${file} ${i + 1}`, example })))

describe('documentation', () => {
  it.for(all)('$name runs and answers what it says', async ({ example }) => {
    const body = runnable(example.replaceAll("'./metrics", `'${folder}/metrics`))
    const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => (...given: unknown[]) => Promise<void>
    await new AsyncFunction('load', 'expect', body)(load, expect)
  })
})
