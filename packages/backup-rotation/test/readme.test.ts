import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openBackupVault, planRotation } from '@hivekit/backup-rotation'
import { scratchFolder, writeTree } from './scratch.ts'

test('the example of the README runs', async () => {
  const folder = scratchFolder()
  writeTree(join(folder, 'srv/hive'), { 'settings.json': '{}' })
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(import.meta.dirname, '../README.md'), 'utf8'))!
  const body = code!.replace(/^import .*\n/gm, '').replaceAll('/srv/', `${folder}/srv/`).replaceAll('/var/', `${folder}/var/`)
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<unknown>
  await new AsyncFunction('openBackupVault', 'planRotation', body)(openBackupVault, planRotation)
  expect(readFileSync(join(folder, 'srv/restored/hive/settings.json'), 'utf8')).toBe('{}')
})
