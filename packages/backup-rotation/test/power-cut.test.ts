import { HiveError } from '@hivekit/errors'
import { expect, test } from 'vitest'
import type { BackupRecord } from '@hivekit/backup-rotation'
import { openMemoryStore } from './memory-store.ts'
import { value } from './outcome.ts'
import { dayMs, simulateVault, type SimulatedVault } from './simulated-vault.ts'

const text = Array.from({ length: 3_000 }, (_, n) => `${n % 97} bottles`).join('\n')

/** Each operation that changes a vault, begun on a vault with three verified backups, one of them in the trash. */
const operations: Record<string, (simulated: SimulatedVault, made: readonly BackupRecord[]) => Promise<unknown>> = {
  create: simulated => simulated.add('new content'),
  recompress: ({ vault }) => vault.recompress({ tiers: [{ olderThanDays: 1, level: 12 }] }),
  rotate: ({ vault }) => vault.rotate({ policy: { last: 1 } }),
  'rotate and purge': simulated => {
    simulated.now += 30 * dayMs
    return simulated.vault.rotate({ policy: { last: 1 } })
  },
  undelete: ({ vault }, made) => vault.undelete(made[0]!.id),
  verify: ({ vault }) => vault.verify(),
  orphans: ({ vault }) => vault.orphans({ clean: true, minAgeMs: 0 }),
}

const prepare = async (store = openMemoryStore()) => {
  const simulated = simulateVault({ maxRemoveFraction: 1, graceMs: 7 * dayMs }, store)
  const made = [await simulated.add(`${text}1`), await simulated.add(`${text}2`), await simulated.add(`${text}3`), await simulated.add(`${text}4`)]
  value(await simulated.vault.verify())
  value(await simulated.vault.rotate({ policy: { last: 3 } }))
  return { simulated, made }
}

/** After trouble: a fresh vault on what is left repairs in one pass, holds every verified backup, and works. */
const inspect = async (broken: SimulatedVault, before: readonly BackupRecord[], removable: boolean) => {
  broken.store.gate = () => {}
  broken.store.crash()
  const after = simulateVault({ maxRemoveFraction: 1, graceMs: 7 * dayMs }, broken.store)
  after.now = broken.now + dayMs
  const swept = value(await after.vault.orphans())
  expect(swept.found).toEqual([])
  expect([...broken.store.objects.keys()].filter(key => key.startsWith('journal/'))).toEqual([])
  expect(value(await after.vault.verify()).sound).toBe(true)
  const live = new Set(await after.ids())
  const trashed = new Set(value(await after.vault.trash()).map(({ manifest }) => manifest.id))
  for (const { id } of before) expect(live.has(id) !== trashed.has(id) || (removable && !live.has(id))).toBe(true)
  expect(live).toContain(before.at(-1)!.id)
  const added = await after.add('and it goes on')
  expect(value(await after.vault.verify({ ids: [added.id] })).sound).toBe(true)
}

for (const [name, operation] of Object.entries(operations)) {
  test(`the power may go at any boundary of ${name}: no verified backup is lost, and the next start repairs in one pass`, async () => {
    for (let cut = 1, done = false; !done; cut++) {
      const { simulated, made } = await prepare()
      let steps = 0
      simulated.store.gate = () => {
        // Without power nothing works any more: neither this step nor what would tidy up after it.
        if (++steps >= cut) throw new HiveError('dependency_failed', 'No power.')
      }
      await operation(simulated, made).catch(() => {})
      done = steps < cut
      await inspect(simulated, made, name === 'rotate and purge')
    }
  })

  test(`any single write of ${name} may fail with a full disk or an I/O error: no verified backup is lost`, async () => {
    for (let failing = 1, done = false; !done; failing++) {
      const { simulated, made } = await prepare()
      let steps = 0
      simulated.store.gate = (_operation, _key, when) => {
        if (when === 'before' && ++steps === failing) throw Object.assign(new Error('write'), { code: failing % 2 ? 'ENOSPC' : 'EIO' })
      }
      await operation(simulated, made).catch(() => {})
      done = steps < failing
      await inspect(simulated, made, name === 'rotate and purge')
    }
  })
}

test('a full disk is said to be one', async () => {
  const { simulated } = await prepare()
  simulated.store.gate = (operation, key) => {
    if (operation === 'write' && key.startsWith('payloads/')) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }
  await expect(simulated.add('more')).rejects.toMatchObject({ code: 'storage_full' })
})
