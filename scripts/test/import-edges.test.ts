import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const packages = join(import.meta.dirname, '../../packages')

const importsOf = (name: string) =>
  globSync(join(packages, name, 'src/**/*.ts')).flatMap(file =>
    [...readFileSync(file, 'utf8').matchAll(/^(?!\s*\*).*(?:from|import\()\s*'(@hivekit\/[^']+)'/gm)].map(([, to]) => to))

test('errors imports none of the other packages; every other package imports no other than errors', () => {
  const names = globSync('*', { cwd: packages })
  expect(names).toContain('errors')
  for (const name of names) {
    const allowed = name === 'errors' ? [] : ['@hivekit/errors']
    expect(importsOf(name).filter(to => !allowed.includes(to!)), `imports of ${name}`).toEqual([])
  }
})
