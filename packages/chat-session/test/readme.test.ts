import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

it('runs as the README says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? []
  expect(example.split('\n').length).toBeLessThanOrEqual(21)
  const code = `${example.replace("'data/", `'${folder}/`)}\nconsole.log(found.isOk() && found.value.items.length)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@hivekit/source', '--input-type=module-typescript', '--eval', code], { cwd: root, encoding: 'utf8' })
  expect([stdout.trim(), stderr]).toEqual(['1', ''])
  expect(await readdir(folder)).toEqual(['sessions.db'])
  await rm(folder, { recursive: true })
})

it('runs the example of openSessionStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chat-session-'))
  const source = await readFile(join(root, 'src/open-session-store.ts'), 'utf8')
  const example = /```ts\n([\s\S]*?)```/.exec(source)![1]!.replaceAll(/^ \* ?/gm, '').replace("'sessions.db'", `'${folder}/sessions.db'`)
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@hivekit/source', '--input-type=module-typescript', '--eval', `${example}\nconsole.log(session.isOk())`], { cwd: root, encoding: 'utf8' })
  expect([stdout.trim(), stderr]).toEqual(['true', ''])
  await rm(folder, { recursive: true })
})
