import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

/** The TypeScript blocks of a file, out of comments too. */
const examplesOf = (file: string): { file: string; code: string }[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => ({
    file,
    code: code!.replaceAll(/^ \* ?/gm, ''),
  }))

const examples = ['README.md', '../../docs/guides/limits-and-backpressure.md', ...globSync('src/**/*.ts', { cwd: root })].flatMap(examplesOf)

it.each(examples)('runs the example of $file', ({ code }) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@hivekit/source', '--input-type=module-typescript', '--eval', `${code}\nprocess.exit(0)`],
    { cwd: root, encoding: 'utf8' },
  )
  expect(stderr.replaceAll(/.*(ExperimentalWarning|--trace-warnings).*\n/g, '')).toBe('')
  expect(status).toBe(0)
})

it('has an example for each main function', () => {
  const all = examples.map(({ code }) => code).join('\n')
  for (const name of ['createCapacity', 'openJobStore', 'createAutoscaler', 'replayScaling', 'toKedaMetrics', 'readMemory', 'createRedisRate', 'openBullJobStore']) {
    expect(all).toContain(`${name}(`)
  }
})
