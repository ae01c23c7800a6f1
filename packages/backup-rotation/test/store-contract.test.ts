import { openBackupVault, openFolderStore, type BackupStore } from '@hivekit/backup-rotation'
import { openS3Store } from '@hivekit/backup-rotation/s3'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMemoryStore } from './memory-store.ts'
import { failure, value } from './outcome.ts'
import { startStrictS3 } from './s3/strict-s3.ts'
import { scratchFolder, writeTree } from './scratch.ts'

const strictS3 = async (options: Parameters<typeof startStrictS3>[0] = {}) => {
  const server = await startStrictS3(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  const { endpoint, bucket, credentials } = server
  return { server, open: (more = {}) => openS3Store({ endpoint, bucket, credentials, prefix: 'hive', partBytes: 5 << 20, leaseMs: 1_000, ...more }) }
}

const engines: Record<string, () => Promise<() => BackupStore>> = {
  folder: async () => {
    const path = scratchFolder()
    return () => openFolderStore({ path })
  },
  s3: async () => (await strictS3()).open,
  memory: async () => {
    const store = openMemoryStore()
    return () => store
  },
}

const text = async (store: BackupStore, key: string, range = {}): Promise<string> => Buffer.concat(await Array.fromAsync(store.read(key, range))).toString()

for (const [name, prepare] of Object.entries(engines)) {
  test(`${name}: objects appear whole, once, in order, and go`, async () => {
    const store = (await prepare())()
    await using lock = await store.lock()
    const big = Buffer.alloc(12 << 20, 'abcdefghij')
    const written = await lock.write('a/one', Buffer.from('first'))
    expect(written).toEqual({ bytes: 5, sha256: 'a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e' })
    await lock.write('a/two', (async function* () { for (let at = 0; at < big.length; at += 700_000) yield big.subarray(at, at + 700_000) })())
    for (const key of ['b/1', 'b/2', 'b/3', 'b/4']) await lock.write(key, Buffer.from(key))
    await expect(lock.write('a/one', Buffer.from('again'))).rejects.toMatchObject({ code: 'conflict' })
    expect(await text(store, 'a/one')).toBe('first')
    await lock.write('a/one', Buffer.from('replaced'), { replace: true })
    expect(await text(store, 'a/one')).toBe('replaced')
    expect(await text(store, 'a/two', { start: 10, end: 25 })).toBe('abcdefghijabcde')
    expect((await text(store, 'a/two')).length).toBe(big.length)
    expect((await Array.fromAsync(store.list(''))).map(({ key, bytes }) => [key, bytes])).toEqual([
      ['a/one', 8], ['a/two', big.length], ['b/1', 3], ['b/2', 3], ['b/3', 3], ['b/4', 3],
    ])
    expect((await Array.fromAsync(store.list('b/'))).map(({ key }) => key)).toEqual(['b/1', 'b/2', 'b/3', 'b/4'])
    expect(await store.stat('a/one')).toMatchObject({ key: 'a/one', bytes: 8 })
    await lock.remove('a/one')
    await lock.remove('a/one')
    expect(await store.stat('a/one')).toBeUndefined()
    await expect(text(store, 'a/one')).rejects.toMatchObject({ code: 'not_found' })
  })

  test(`${name}: a write that fails leaves nothing that can be seen`, async () => {
    const store = (await prepare())()
    await using lock = await store.lock()
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.alloc(6 << 20)
      throw new Error('the source broke')
    }
    await expect(lock.write('a', broken())).rejects.toThrow(/the source broke/)
    expect(await Array.fromAsync(store.list(''))).toEqual([])
    expect(await Array.fromAsync(store.leftovers())).toEqual([])
  })

  test(`${name}: one holder at a time, each with a greater fence, and a released one can do nothing`, async () => {
    const open = await prepare()
    const first = await open().lock()
    await expect(open().lock()).rejects.toMatchObject({ code: 'conflict' })
    await first[Symbol.asyncDispose]()
    await using second = await open().lock()
    expect(second.fence).toBeGreaterThan(first.fence)
    await expect(first.write('late', Buffer.from('x'))).rejects.toMatchObject({ code: 'conflict' })
  })

  test(`${name}: a vault makes, verifies, packs harder, rotates, undeletes and restores there`, async () => {
    const folder = scratchFolder()
    const source = writeTree(join(folder, 'data'), { a: 'a', big: Buffer.alloc(3 << 19, 'text ') })
    let later = 0
    await using vault = openBackupVault({ store: (await prepare())(), scratchFolder: folder, policy: { last: 1 }, graceMs: 0, clock: () => Date.now() + later })
    const { backup: { id } } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
    writeFileSync(join(source, 'a'), 'b')
    later += 86_400_000
    value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
    for (const depth of ['quick', 'deep', 'drill', { part: 1, of: 2 }] as const) expect(value(await vault.verify({ depth })).sound).toBe(true)
    expect(value(await vault.rotate()).removed.map(removed => removed.id)).toEqual([id])
    value(await vault.undelete(id))
    later += 100 * 86_400_000
    expect(value(await vault.recompress()).done).toHaveLength(2)
    value(await vault.restore({ id, into: join(folder, 'out') }))
    expect(readFileSync(join(folder, 'out/data/a'), 'utf8')).toBe('a')
    expect(value(await vault.orphans()).found).toEqual([])
    value(await vault.rotate())
    expect(value(await vault.rotate()).purged).toEqual([id])
    expect(value(await vault.verify()).sound).toBe(true)
  })
}

test('s3: a store that ignores conditional writes is refused', async () => {
  const { open } = await strictS3({ ignoreConditions: true })
  await expect(open().lock()).rejects.toMatchObject({ code: 'unsupported' })
})

test('s3: a lease that stands still is taken over, and then the old holder can neither write nor remove', async () => {
  const { open, server } = await strictS3()
  const zombie = await open({ leaseMs: 3_600_000 }).lock()
  await zombie.write('kept', Buffer.from('x'))
  await using successor = await open().lock({ waitMs: 10_000 })
  expect(successor.fence).toBe(2)
  await expect(zombie.remove('kept')).rejects.toMatchObject({ code: 'conflict' })
  await expect(zombie.write('late', Buffer.from('x'))).rejects.toMatchObject({ code: 'conflict' })
  expect([...server.objects.keys()].toSorted()).toEqual(['hive/.lease.json', 'hive/kept'])
})

test('s3: stale multipart uploads are orphans, and locked objects are kept by the store', async () => {
  const { open, server } = await strictS3()
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a' })
  await using vault = openBackupVault({ store: open({ lockDays: 30 }), scratchFolder: folder })
  const { backup: { payload } } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  server.uploads.set('stale', { key: 'hive/payloads/x', parts: new Map(), at: new Date(0) })
  expect(value(await vault.orphans()).found).toMatchObject([{ kind: 'leftover', reason: expect.stringContaining('multipart') as string }])
  expect(value(await vault.orphans({ clean: true })).cleaned).toHaveLength(1)
  expect(server.uploads.size).toBe(0)
  value(await vault.verify())
  expect(server.objects.get(`hive/${payload.key}`)!.lockedUntil!.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
})

test('s3: a passing failure is tried again, a lasting one is a failure with its code', async () => {
  const { open, server } = await strictS3()
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a' })
  await using vault = openBackupVault({ store: open(), scratchFolder: folder })
  server.faults.push({ status: 503, times: 1, match: request => request.method === 'PUT' })
  value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  server.faults.push({ status: 403, times: Infinity, match: request => request.url!.includes('payloads') })
  expect(failure(await vault.create({ sources: [{ kind: 'folder', path: source }], force: true })).code).toBe('forbidden')
  server.faults.length = 0
  expect(value(await vault.verify()).sound).toBe(true)
})
