import { openBackupVault } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { value } from './outcome.ts'
import { scratchFolder, writeTree } from './scratch.ts'
import { simulateVault } from './simulated-vault.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)

test('deep verification finds every single flipped bit of archive, list of files and manifest', async () => {
  const { vault, store, add } = simulateVault()
  const { id, payload } = await add('some text, some text, some text, and more of it')
  const state = async () => value(await vault.verify({ ids: [id] })).checked[0]!.verification.state
  for (const key of [payload.key, payload.index.key, `backups/${id}.json`]) {
    const { bytes } = store.objects.get(key)!
    // Every bit of the archive; of the others every byte, the bit by turns.
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of key === payload.key || soak > 1 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
        bytes[at]! ^= 1 << bit
        expect(await state(), `bit ${bit} of byte ${at} of ${key}`).toBe('corrupt')
        bytes[at]! ^= 1 << bit
      }
    }
  }
  expect(await state()).toBe('verified')
})

test('deep verification finds every truncation, and so does the quick one', async () => {
  const { vault, store, add } = simulateVault()
  const { id, payload } = await add('some text, some text, some text, and more of it')
  for (const key of [payload.key, payload.index.key, `backups/${id}.json`]) {
    const whole = store.objects.get(key)!
    for (let length = 0; length < whole.bytes.length; length += key === payload.key ? 1 : 7) {
      store.objects.set(key, { ...whole, bytes: whole.bytes.subarray(0, length) })
      for (const depth of ['quick', 'deep'] as const) {
        expect(value(await vault.verify({ ids: [id], depth })).checked[0]!.verification.state, `${depth} of ${key} cut to ${length}`).toBe('corrupt')
      }
    }
    store.objects.delete(key)
    if (key !== `backups/${id}.json`) expect(value(await vault.verify({ ids: [id], depth: 'quick' })).sound).toBe(false)
    store.objects.set(key, whole)
  }
})

test('a large archive: a flip anywhere is found by deep, drill and by one sample of the whole round', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, Buffer.alloc(200_000, `file ${n} `)])))
  await using vault = openBackupVault({ store: join(folder, 'vault'), scratchFolder: folder })
  const { backup: { id, payload } } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  const file = join(folder, 'vault', payload.key)
  const whole = readFileSync(file)
  const sound = async (depth: Parameters<typeof vault.verify>[0]) => value(await vault.verify({ ids: [id], ...depth })).sound
  for (const depth of ['quick', 'deep', 'drill', { part: 1, of: 1 }] as const) expect(await sound({ depth })).toBe(true)
  await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
    const broken = Buffer.from(whole)
    broken[at]! ^= 1 << bit
    writeFileSync(file, broken)
    expect(await sound({ depth: 'deep' })).toBe(false)
    expect(await sound({ depth: 'drill' })).toBe(false)
    const samples = []
    for (let part = 1; part <= 4; part++) {
      // A look at a part does not clear what a closer look found: begin from a whole one each time.
      writeFileSync(file, whole)
      await sound({ depth: 'deep' })
      writeFileSync(file, broken)
      samples.push(await sound({ depth: { part, of: 4 } }))
    }
    expect(samples.filter(found => !found)).toHaveLength(1)
  }), { numRuns: Math.ceil(3 * soak) })
  writeFileSync(file, whole)
  truncateSync(file, whole.length - 1)
  expect(await sound({ depth: 'quick' })).toBe(false)
  rmSync(file)
  expect(value(await vault.verify({ ids: [id], depth: 'quick' })).checked[0]!.verification).toMatchObject({ state: 'corrupt', finding: expect.stringContaining('missing') as string })
})

test('a look that cannot read is suspicion, not proof; a later good look clears it, and a quick one does not clear corruption', async () => {
  const { vault, store, add, damage } = simulateVault()
  const backup = await add()
  const state = async (depth: 'quick' | 'deep') => value(await vault.verify({ depth })).checked[0]!.verification.state
  const { read } = store
  store.read = (key, options) => {
    if (key === backup.payload.key) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    return read(key, options)
  }
  expect(await state('deep')).toBe('suspect')
  store.read = read
  expect(await state('quick')).toBe('committed')
  expect(await state('deep')).toBe('verified')
  damage(backup)
  expect(await state('quick')).toBe('verified')
  expect(await state('deep')).toBe('corrupt')
  expect(await state('quick')).toBe('corrupt')
})

test('a budget verifies what was verified longest ago first, and goes on there the next time', async () => {
  const simulated = simulateVault()
  const { vault, add } = simulated
  const ids = [(await add()).id, (await add()).id, (await add()).id]
  const order: string[] = []
  vault.onEvent(event => event.type === 'checked' && order.push(event.id))
  for (let round = 0; round < 4; round++) {
    simulated.now += 1_000
    // A budget of next to nothing still verifies one.
    expect(value(await vault.verify({ budgetMs: 0 }))).toMatchObject({ left: 2, sound: true })
  }
  expect(order).toEqual([...ids, ids[0]])
})
