import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const examplesOf = (file: string) => {
  const text = readFileSync(join(root, file), 'utf8').replace(/^ \* ?/gm, '')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!)
}
const files = ['README.md', '../../docs/guides/designing-a-health-score.md', ...globSync('src/**/*.ts', { cwd: root })]

test('every example in the README, the guide and the API documentation runs', async () => {
  // Each in a scope of its own, all in one process: starting one for each would take longer than running them.
  const examples = files.flatMap(examplesOf)
  expect(examples.length).toBeGreaterThan(20)
  const scopes = examples.map(code => `await (async () => {\n${code.replace(/^import (\{[^}]*\}) from '([^']+)'/gm, 'const $1 = await import(\'$2\')')}\n})()`)
  await promisify(execFile)(process.execPath, ['--conditions=@hivekit/source', '--input-type=module-typescript', '-e', scopes.join('\n')], { cwd: root })
})
