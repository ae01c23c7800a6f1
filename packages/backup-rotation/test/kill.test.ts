import { openBackupVault } from '@hivekit/backup-rotation'
import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { value } from './outcome.ts'
import { scratchFolder, writeTree } from './scratch.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)

const run = (folder: string, operation: string, at: number) =>
  new Promise<{ killed: boolean; said: string }>((settle, reject) => {
    const child = spawn(process.execPath, ['--conditions=@hivekit/source', join(import.meta.dirname, 'programs/kill-child.ts'), folder, operation, String(at)])
    let said = ''
    let trouble = ''
    child.stdout.on('data', (text: Buffer) => (said += text.toString()))
    child.stderr.on('data', (text: Buffer) => (trouble += text.toString()))
    child.once('close', (code, signal) => (code === 0 || signal === 'SIGKILL' ? settle({ killed: signal === 'SIGKILL', said }) : reject(new Error(trouble))))
  })

const open = (folder: string) => openBackupVault({ store: join(folder, 'vault'), host: 'test', scratchFolder: folder, maxRemoveFraction: 1 })

for (const operation of ['create', 'tier', 'rotate', 'purge', 'restore']) {
  test(`SIGKILL at a step of ${operation} loses no verified backup, and the next start repairs in one pass`, { timeout: 600_000 }, async () => {
    const template = scratchFolder()
    writeTree(join(template, 'data'), Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`f${n}`, `${n} `.repeat(20_000)])))
    {
      await using vault = open(template)
      for (let n = 0; n < 3; n++) {
        writeTree(join(template, 'data'), { [`new${n}`]: `${n}` })
        value(await vault.create({ sources: [{ kind: 'folder', path: join(template, 'data') }] }))
      }
      value(await vault.verify())
      if (operation === 'purge') value(await vault.rotate({ policy: { last: 2 } }))
    }
    const trial = async (at: number): Promise<boolean> => {
      const folder = scratchFolder()
      cpSync(template, folder, { recursive: true, preserveTimestamps: true })
      const { killed } = await run(folder, operation, at)
      await using vault = open(folder)
      // The first change takes the dead holder's lock over, though its lease has long to run, and repairs.
      const swept = value(await vault.orphans({ clean: true, minAgeMs: 0 }))
      expect(swept.found.filter(({ kind }) => kind !== 'leftover')).toEqual([])
      expect(readdirSync(join(folder, 'vault/journal')).concat(readdirSync(join(folder, 'vault/.staging')).filter(name => !name.startsWith('left-')))).toEqual([])
      const report = value(await vault.verify())
      expect(report.sound).toBe(true)
      const trashed = value(await vault.trash()).map(({ manifest }) => manifest.id)
      const all = new Set([...report.checked.map(({ id }) => id), ...trashed])
      expect(all.size).toBeGreaterThanOrEqual(operation === 'purge' ? 2 : 3)
      expect(report.checked.length).toBeGreaterThanOrEqual(1)
      if (operation === 'restore') {
        if (killed) expect(!existsSync(join(folder, 'out')) || readdirSync(join(folder, 'out/data')).length === 15).toBe(true)
        rmSync(join(folder, 'out'), { recursive: true, force: true })
      }
      expect((await run(folder, operation, -1)).said).toMatch(/^done/)
      expect(readdirSync(folder).filter(name => name.includes('hivekit'))).toEqual([])
      return killed
    }
    // Every boundary when soaking; else a few, others each time.
    const stride = Math.max(1, Math.round(14 / soak))
    let killed = 0
    for (let at = 1 + Math.floor(Math.random() * stride); await trial(at); at += stride) killed++
    expect(killed).toBeGreaterThan(0)
  })
}
