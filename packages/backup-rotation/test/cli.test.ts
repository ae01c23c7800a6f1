import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder, writeTree } from './scratch.ts'

const cli = join(import.meta.dirname, '../src/cli.ts')

test('the command makes, lists, verifies, rotates, explains, undeletes and restores, with exit codes and JSON', { timeout: 120_000 }, () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { 'a.txt': 'hello' })
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@hivekit/source', cli, ...args], {
      encoding: 'utf8', env: { ...process.env, HIVE_BACKUP_VAULT: join(folder, 'vault') },
    })
    return { status, stdout, stderr }
  }
  const json = (...args: string[]): unknown => JSON.parse(run(...args, '--json').stdout)
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('hive-backup <command>') as string, stderr: '' })
  for (const [args, said] of [[[], 'Usage'], [['dance'], 'Unknown command'], [['list', '--bogus'], '--bogus'], [['rotate'], 'policy'], [['restore', 'x'], 'Where to']] as const) {
    expect(run(...args)).toMatchObject({ status: 2, stderr: expect.stringContaining(said) as string })
  }
  const first = json('create', source, '--tag', 'one', '--verify') as { backup: { id: string }; sound: boolean }
  expect(first.sound).toBe(true)
  writeFileSync(join(source, 'a.txt'), 'changed')
  expect(run('create', source, '--verify')).toMatchObject({ status: 0, stdout: expect.stringContaining('Decoded and compared: whole.') as string })
  const { id } = first.backup
  expect(run('list').stdout).toContain(id)
  expect(run('explain', id, '--last', '1').stdout).toMatch(/^Not kept/)
  expect((json('forecast', '--daily', '7', '--years', '1') as { backups: number }[]).at(-1)!.backups).toBe(7)
  expect(run('rotate', '--last', '1', '--dry-run').stdout).toContain(`would trash ${id}`)
  expect((json('list') as unknown[]).length).toBe(2)
  expect(run('rotate', '--last', '1')).toMatchObject({ status: 0, stdout: expect.stringContaining(`trashed ${id}`) as string })
  expect(run('undelete', id).status).toBe(0)
  expect(run('restore', id, '--into', join(folder, 'out'), '--dry-run').status).toBe(0)
  expect(existsSync(join(folder, 'out'))).toBe(false)
  expect(run('restore', id, '--into', join(folder, 'out')).status).toBe(0)
  expect(readFileSync(join(folder, 'out/data/a.txt'), 'utf8')).toBe('hello')
  expect(run('restore', id, '--into', join(folder, 'out')).status).toBe(5)
  expect(run('restore', id, '--zip', join(folder, 'out.zip')).status).toBe(0)
  expect(run('orphans').stdout.trim()).toBe('There are no orphans.')
  const archive = join(folder, 'vault/payloads', `${id}.tar.zst`)
  writeFileSync(archive, readFileSync(archive).fill(0, 30, 40))
  expect(run('verify', id)).toMatchObject({ status: 4, stdout: expect.stringContaining('corrupt') as string })
  expect(run('restore', id, '--into', join(folder, 'other')).status).toBe(4)
  expect(run('create', source, '--force', '--quota', '1k').status).toBe(6)
})
