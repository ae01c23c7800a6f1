import type { BackupRecord } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { failure, value } from './outcome.ts'
import { dayMs, simulateVault } from './simulated-vault.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)

test('the policy is applied: what no rule keeps goes to the trash, comes back on request, and is purged after the grace period', async () => {
  const simulated = simulateVault({ policy: { last: 2 }, graceMs: 7 * dayMs, maxRemoveFraction: 1 })
  const { vault, store, add, ids } = simulated
  const made = [await add(), await add(), await add(), await add()]
  value(await vault.verify())
  const dry = value(await vault.rotate({ dryRun: true }))
  expect(dry.removed.map(({ id }) => id)).toEqual([made[0]!.id, made[1]!.id])
  expect(await ids()).toHaveLength(4)
  value(await vault.rotate())
  expect(await ids()).toEqual([made[2]!.id, made[3]!.id])
  expect(value(await vault.undelete(made[1]!.id)).verification.state).toBe('verified')
  expect(await ids()).toEqual(made.slice(1).map(({ id }) => id))
  expect(failure(await vault.undelete(made[1]!.id)).code).toBe('not_found')
  simulated.now += 8 * dayMs
  expect(value(await vault.rotate()).purged).toEqual([made[0]!.id])
  expect([...store.objects.keys()].some(key => key.includes(made[0]!.id))).toBe(false)
  expect(failure(await vault.undelete(made[0]!.id)).code).toBe('not_found')
  expect(store.objects.has(made[1]!.payload.key)).toBe(true)
})

test('nothing is removed of a set without a verified backup', async () => {
  const { vault, add, ids } = simulateVault({ policy: { last: 1 } })
  for (let n = 0; n < 4; n++) await add()
  expect(value(await vault.rotate())).toMatchObject({ removed: [], blocked: [{ reason: expect.stringMatching(/no backup of the set is verified/) as string }] })
  expect(await ids()).toHaveLength(4)
})

test('the newest verified backup is never removed, not even by a policy that would', async () => {
  const { vault, add, ids } = simulateVault({ policy: { last: 1 }, maxRemoveFraction: 1 })
  const first = await add()
  value(await vault.verify({ ids: [first.id] }))
  const last = [await add(), await add()].at(-1)!
  const report = value(await vault.rotate())
  expect(report.kept).toContainEqual({ id: first.id, reasons: [], protectedBy: 'the newest verified backup of its set' })
  expect(await ids()).toEqual([first.id, last.id])
})

test('the survivor is verified once more just before: one that rotted since keeps the older good one alive', async () => {
  const { vault, add, ids, damage } = simulateVault({ policy: { last: 1 }, maxRemoveFraction: 1 })
  const [old, recent] = [await add(), await add()]
  value(await vault.verify())
  damage(recent)
  const report = value(await vault.rotate())
  expect(report.removed).toEqual([])
  expect(await ids()).toEqual([old.id, recent.id])
  expect(value(await vault.list())[0]!.verification.state).toBe('corrupt')
})

test('one run removes at most the stated fraction, the oldest first', async () => {
  const { vault, add, ids } = simulateVault({ policy: { last: 1 }, maxRemoveFraction: 0.3 })
  const made: BackupRecord[] = []
  for (let n = 0; n < 10; n++) made.push(await add())
  value(await vault.verify())
  const report = value(await vault.rotate())
  expect(report.removed.map(({ id }) => id)).toEqual(made.slice(0, 3).map(({ id }) => id))
  expect(report.deferred).toHaveLength(6)
  expect(await ids()).toHaveLength(7)
})

test('the last good backup is not purged from the trash while its set has no other', async () => {
  const simulated = simulateVault({ policy: { last: 1 }, graceMs: dayMs, maxRemoveFraction: 1 })
  const { vault, add, damage } = simulated
  const [old, recent] = [await add(), await add()]
  value(await vault.verify())
  value(await vault.rotate())
  damage(recent)
  value(await vault.verify())
  simulated.now += 30 * dayMs
  expect(value(await vault.rotate())).toMatchObject({ purged: [], held: [old.id] })
  value(await vault.undelete(old.id))
  expect(value(await vault.verify({ ids: [old.id] })).sound).toBe(true)
})

test('backups of an unchanged source share their bytes, and these stay while one of them does', async () => {
  const simulated = simulateVault({ policy: { last: 1 }, graceMs: 0, maxRemoveFraction: 1 })
  const { vault, store } = simulated
  const source = { kind: 'file' as const, path: import.meta.filename }
  const made: BackupRecord[] = []
  for (let n = 0; n < 3; n++) {
    simulated.now += dayMs
    made.push(value(await vault.create({ sources: [source] })).backup)
  }
  expect(new Set(made.map(({ payload }) => payload.key)).size).toBe(1)
  value(await vault.verify())
  value(await vault.rotate())
  expect(value(await vault.rotate()).purged).toHaveLength(2)
  expect(store.objects.has(made[0]!.payload.key)).toBe(true)
  expect(value(await vault.verify()).sound).toBe(true)
})

test('a backup unlike its history blocks removals until a person approves it', async () => {
  const { vault, add, ids } = simulateVault({ policy: { last: 2 }, maxRemoveFraction: 1 })
  const text = (n: number): string => `line ${n} of a usual text\n`.repeat(4_000)
  for (let n = 0; n < 4; n++) expect((await add(text(n))).anomalies).toEqual([])
  const small = await add('almost nothing')
  expect(small.anomalies[0]).toMatch(/far smaller/)
  const random = await add(Array.from({ length: 100_000 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 94))).join(''))
  expect(random.anomalies[0]).toMatch(/far more random/)
  const large = await add(text(9).repeat(9))
  expect(large.anomalies[0]).toMatch(/far larger/)
  value(await vault.verify())
  expect(value(await vault.rotate())).toMatchObject({ removed: [], blocked: [{ reason: expect.stringContaining('approve') as string }] })
  for (const { id } of [small, random, large]) value(await vault.approve(id))
  expect(value(await vault.rotate()).removed).toHaveLength(5)
  expect(await ids()).toEqual([random.id, large.id])
})

test('orphans are listed with their reason, cleaned past an age, and what is not recognised is never touched', async () => {
  const simulated = simulateVault()
  const { vault, store, add } = simulated
  const [whole, hollow] = [await add(), await add()]
  value(await vault.verify())
  const foreign = ['notes.txt', 'payloads/readme.md', 'backups/mine.json', 'payloads/20260101-000000000-abcdef.tar.zst.bak']
  for (const key of foreign) store.objects.set(key, { bytes: Buffer.from('mine'), modifiedAt: 0 })
  const stray = 'payloads/20250101-000000000-abcdef.tar.zst'
  store.objects.set(stray, { bytes: Buffer.from('left'), modifiedAt: simulated.now })
  store.objects.delete(hollow.payload.key)
  const { found, cleaned } = value(await vault.orphans())
  expect(cleaned).toEqual([])
  expect(Object.fromEntries(found.map(({ key, kind }) => [key, kind]))).toEqual({
    [stray]: 'payload', [`backups/${hollow.id}.json`]: 'manifest', ...Object.fromEntries(foreign.map(key => [key, 'unrecognised'])),
  })
  expect(found.every(({ reason }) => reason.length > 10)).toBe(true)
  const sweep = async (minAgeMs: number) => value(await vault.orphans({ clean: true, minAgeMs })).cleaned
  simulated.now += dayMs
  expect(await sweep(400 * dayMs)).toEqual([])
  store.objects.get(`backups/${hollow.id}.json`)!.modifiedAt = 0
  expect((await sweep(dayMs)).toSorted()).toEqual([`backups/${hollow.id}.json`, stray].toSorted())
  for (const key of foreign) expect(store.objects.has(key)).toBe(true)
  expect(value(await vault.verify({ ids: [whole.id] })).sound).toBe(true)
})

test('while a manifest cannot be read, no payload counts as an orphan', async () => {
  const { vault, store, add } = simulateVault()
  const { id } = await add()
  store.objects.get(`backups/${id}.json`)!.bytes[5]! ^= 1
  store.objects.delete('catalog.json')
  store.objects.set('payloads/20250101-000000000-abcdef.tar.zst', { bytes: Buffer.from('x'), modifiedAt: 0 })
  expect(value(await vault.orphans({ clean: true, minAgeMs: 0 })).cleaned).toEqual([])
  expect(value(await vault.verify()).sound).toBe(false)
})

test('a quota makes room by the trash, by the policy, by the smallest hole, and fails before touching anything when that is not enough', async () => {
  const text = (n: number): string => Array.from({ length: 3_000 }, (_, at) => Math.sin(n * 7_919 + at).toString(36)).join('')
  const one = (await simulateVault().add(text(0))).payload.bytes
  const simulated = simulateVault({ quotaBytes: one * 6, anomalies: false })
  const { vault, store, add, ids } = simulated
  const first = await add(text(1))
  for (let n = 2; n <= 4; n++) await add(text(n))
  const full = await vault.create({ sources: [{ kind: 'stream', as: 'file', open: async function* () { yield Buffer.from(text(0).repeat(4)) } }] })
  expect(failure(full)).toMatchObject({ code: 'storage_full', message: expect.stringContaining('Nothing was removed') as string })
  expect(await ids()).toHaveLength(4)
  value(await vault.verify())
  for (let n = 5; n <= 9; n++) {
    await add(text(n))
    value(await vault.verify())
    const used = [...store.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
    expect(used).toBeLessThanOrEqual(one * 6)
  }
  expect((await ids()).length).toBeGreaterThanOrEqual(3)
  // The oldest reaches back the farthest: it is not the first to go.
  expect(await ids()).toContain(first.id)
})

test('old backups are packed harder, come out the same, and what is younger is left alone', async () => {
  const simulated = simulateVault()
  const { vault, store, add } = simulated
  const text = Array.from({ length: 60_000 }, (_, n) => `${n % 977} bottles on ${n % 313} walls`).join('\n')
  const old = await add(text)
  simulated.now += 40 * dayMs
  const young = await add('young')
  const dry = value(await vault.recompress({ dryRun: true }))
  expect(dry.done).toMatchObject([{ ids: [old.id], level: 9 }])
  const { done } = value(await vault.recompress())
  expect(done[0]!.after).toBeLessThan(done[0]!.before)
  const [, now] = value(await vault.list())
  expect(now).toMatchObject({ id: old.id, payload: { rawSha256: old.payload.rawSha256, compression: { level: 9 } }, verification: { state: 'verified' } })
  expect(store.objects.has(old.payload.key)).toBe(false)
  expect(store.objects.has(young.payload.key)).toBe(true)
  expect(value(await vault.verify()).sound).toBe(true)
  expect(value(await vault.recompress()).done).toEqual([])
})

test('whatever happens to backups, the newest verified one of each set outlives every rotation', async () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), set: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('verify' as const), set: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('damage' as const), set: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('rotate' as const, 'later' as const, 'orphans' as const), set: fc.nat(20) }) },
  )
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), async (actions, last) => {
    const simulated = simulateVault({ policy: { last }, graceMs: dayMs, maxRemoveFraction: 1, anomalies: false })
    const { vault, add, damage } = simulated
    const damaged = new Set<string>()
    for (const { kind, set } of actions) {
      const there = value(await vault.list())
      if (kind === 'add') await add(undefined, `set-${set}`)
      if (kind === 'later') simulated.now += 3 * dayMs
      if (kind === 'verify' && there.length > 0) value(await vault.verify({ ids: [there[set % there.length]!.id] }))
      if (kind === 'damage' && there.length > 0 && !damaged.has(there[set % there.length]!.payload.key)) {
        damage(there[set % there.length]!)
        damaged.add(there[set % there.length]!.payload.key)
      }
      if (kind === 'orphans') value(await vault.orphans({ clean: true, minAgeMs: 0 }))
      if (kind === 'rotate') {
        const good = there.filter(backup => backup.verification.state === 'verified' && !damaged.has(backup.payload.key))
        value(await vault.rotate())
        const left = new Set(value(await vault.list()).map(backup => backup.id))
        for (const paths of new Set(good.map(backup => backup.paths[0]))) {
          expect(left).toContain(good.find(backup => backup.paths[0] === paths)!.id)
        }
      }
    }
  }), { numRuns: Math.ceil(30 * soak) })
})
