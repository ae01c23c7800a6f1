import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { errorCodes } from '@hivekit/errors'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = ['README.md', '../../docs/guides/handling-failure.md', ...globSync('src/**/*.ts', { cwd: root, exclude: ['src/engines/**'] })]

const examples = files.flatMap(file => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^ \* ?/gm, '')
  return Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, code], i) => [`${file} ${i + 1}`, code!] as const)
})

test.concurrent.each(examples)('the example in %s runs', async (_, code) => {
  const run = promisify(execFile)(process.execPath, ['--conditions=@hivekit/source', '--input-type=module-typescript', '-e', code], { cwd: root })
  await expect(run).resolves.toMatchObject({ stderr: '' })
})

test('the taxonomy in the README is the one in the code', () => {
  const rows = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\w+) \| (\d+) \| (\d+) \|/gm)
  const told = Array.from(rows, ([, code, kind, http, grpc]) => [code, kind, Number(http), Number(grpc)])
  expect(told).toEqual(Object.entries(errorCodes).map(([code, { kind, httpStatus, grpcCode }]) => [code, kind, httpStatus, grpcCode]))
})
