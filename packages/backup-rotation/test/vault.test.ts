import { openBackupVault, type BackupVault } from '@hivekit/backup-rotation'
import fc from 'fast-check'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { failure, value } from './outcome.ts'
import { scratchFolder, writeTree } from './scratch.ts'

const open = (folder: string, options: Partial<Parameters<typeof openBackupVault>[0]> = {}): BackupVault =>
  openBackupVault({ store: join(folder, 'vault'), scratchFolder: folder, ...options })

const readTree = (root: string): Record<string, string> =>
  Object.fromEntries(readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .map(entry => [join(entry.parentPath, entry.name).slice(root.length + 1), readFileSync(join(entry.parentPath, entry.name), 'base64')]).toSorted())

test('what is backed up is what is restored, byte for byte, with times, modes and links', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), {
    'a.txt': 'hello', 'deep/er/b.bin': Buffer.alloc(3 << 20, 'xyz'), 'empty': '', [`long/${'n'.repeat(180)}/${'m'.repeat(120)}.txt`]: 'long name',
    'sp ace/ünïcode-日本.txt': 'text', 'new\nline': 'odd', 'link': '-> a.txt',
  })
  mkdirSync(join(source, 'hollow'), { mode: 0o750 })
  utimesSync(join(source, 'a.txt'), 1_000_000_000.5, 1_000_000_000.5)
  await using vault = open(folder)
  const made = value(await vault.create({ sources: [{ kind: 'folder', path: source }], tags: ['first'] }))
  expect(made).toMatchObject({ unchanged: false, notes: [], backup: { files: 6, tags: ['first'], verification: { state: 'committed' } } })

  const into = join(folder, 'out')
  expect(value(await vault.restore({ id: made.backup.id, into }))).toMatchObject({ files: 6, skippedLinks: [] })
  expect(readTree(join(into, 'data'))).toEqual(readTree(source))
  expect(readFileSync(join(into, 'data/link'), 'utf8')).toBe('hello')
  expect(statSync(join(into, 'data/hollow')).mode & 0o777).toBe(0o750)
  expect(statSync(join(into, 'data/a.txt')).mtimeMs).toBe(1_000_000_000_000)
})

test('any tree comes back as it was', async () => {
  const folder = scratchFolder()
  await using vault = open(folder)
  const name = fc.stringMatching(/^[a-z0-9 _.\-äß漢]{1,12}$/).filter(text => !['.', '..'].includes(text))
  let run = 0
  await fc.assert(fc.asyncProperty(fc.dictionary(name, fc.uint8Array({ maxLength: 3_000 }), { maxKeys: 8 }), async files => {
    const source = writeTree(join(folder, `tree-${++run}`), Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${path}/f`, bytes])))
    const { backup } = value(await vault.create({ sources: [{ kind: 'folder', path: source, as: 'tree' }] }))
    const into = join(folder, `out-${run}`)
    value(await vault.restore({ id: backup.id, into }))
    expect(readTree(join(into, 'tree'))).toEqual(readTree(source))
  }), { numRuns: 15 })
})

test('an archive is read by the tools every system has', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { 'a.txt': 'hello', 'big': Buffer.alloc(5 << 20, 'abc') })
  await using vault = open(folder)
  const { backup } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  const out = join(folder, 'by-tar')
  mkdirSync(out)
  const tar = spawnSync('tar', ['--zstd', '-xf', join(folder, 'vault', backup.payload.key), '-C', out], { encoding: 'utf8' })
  expect(tar).toMatchObject({ status: 0, stderr: '' })
  expect(readTree(join(out, 'data'))).toEqual(readTree(source))
  expect(spawnSync('sha256sum', [join(folder, 'vault', backup.payload.key)], { encoding: 'utf8' }).stdout).toContain(backup.payload.sha256)
})

test('an unchanged source costs a manifest, and a change of any file a whole backup', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { 'a.txt': 'hello', 'b.txt': 'world' })
  await using vault = open(folder)
  const create = async () => value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  const first = await create()
  const second = await create()
  expect(second).toMatchObject({ unchanged: true, backup: { payload: first.backup.payload } })
  writeFileSync(join(source, 'b.txt'), 'WORLD')
  const third = await create()
  expect(third.unchanged).toBe(false)
  expect(third.backup.payload.key).not.toBe(first.backup.payload.key)
  expect(value(await vault.create({ sources: [{ kind: 'folder', path: source }], force: true })).unchanged).toBe(false)
})

test('files that grow, shrink or vanish while being packed are noted, never fatal, and the rest is whole', async () => {
  const folder = scratchFolder()
  const big = Buffer.alloc(4 << 20, 'abcdefgh')
  const source = writeTree(join(folder, 'data'), { '0-first': big, '1-grows': big, '2-shrinks': big, '3-vanishes': 'x', '4-last': 'last' })
  await using vault = open(folder)
  let packed = 0
  const { backup, notes } = value(await vault.create({
    sources: [{ kind: 'folder', path: source }],
    onProgress: ({ phase, bytes }) => {
      if (phase !== 'pack') return
      const before = packed
      packed = bytes
      const passes = (at: number): boolean => before < at && bytes >= at
      if (passes(1 << 20)) rmSync(join(source, '3-vanishes'))
      if (passes(5 << 20)) appendFileSync(join(source, '1-grows'), 'more')
      if (passes(9 << 20)) truncateSync(join(source, '2-shrinks'), 10)
    },
  }))
  expect(notes).toEqual([
    { path: 'data/1-grows', what: 'grew' }, { path: 'data/2-shrinks', what: 'shrank' }, { path: 'data/3-vanishes', what: 'vanished' },
  ])
  expect(backup.notes).toBe(3)
  expect(value(await vault.verify({ ids: [backup.id] })).checked[0]!.verification.state).toBe('verified')
  const into = join(folder, 'out')
  value(await vault.restore({ id: backup.id, into }))
  expect(readFileSync(join(into, 'data/1-grows')).equals(big)).toBe(true)
  expect(statSync(join(into, 'data/2-shrinks')).size).toBe(big.length)
  expect(readFileSync(join(into, 'data/4-last'), 'utf8')).toBe('last')
})

test('what is neither file, folder nor link is skipped and noted', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a' })
  expect(spawnSync('mkfifo', [join(source, 'pipe')]).status).toBe(0)
  await using vault = open(folder)
  expect(value(await vault.create({ sources: [{ kind: 'folder', path: source }] })).notes).toEqual([{ path: 'data/pipe', what: 'skipped' }])
})

test('a SQLite database is copied whole while others write to it', async () => {
  const folder = scratchFolder()
  const file = join(folder, 'live.db')
  using database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE pairs (a INTEGER, b INTEGER)')
  const insert = database.prepare('INSERT INTO pairs VALUES (?, ?)')
  database.exec('BEGIN')
  for (let n = 0; n < 20_000; n++) insert.run(n, -n)
  database.exec('COMMIT')
  await using vault = open(folder)
  // Each transaction keeps the sum at zero; a torn copy would not.
  let writing = true
  const writer = (async () => {
    for (let n = 0; writing; n++) {
      database.exec('BEGIN')
      insert.run(n, n)
      insert.run(-n, -n)
      database.exec('COMMIT')
      await new Promise(resolve => setImmediate(resolve))
    }
  })()
  const { backup } = value(await vault.create({ sources: [{ kind: 'sqlite', path: file }] }))
  writing = false
  await writer
  const into = join(folder, 'out')
  value(await vault.restore({ id: backup.id, into }))
  using copy = new DatabaseSync(join(into, 'live.db'))
  expect(copy.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  expect(copy.prepare('SELECT sum(a) + sum(b) AS sum, count(*) >= 20000 AS whole FROM pairs').get()).toEqual({ sum: 0, whole: 1 })
})

test('a PostgreSQL database is dumped, and a database that is not there is a failure without its password', async () => {
  const folder = scratchFolder()
  const url = process.env.HIVEKIT_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
  const name = `hivekit_backup_${process.pid}`
  const psql = (sql: string, database = url) => spawnSync('psql', [database, '-qAtc', sql], { encoding: 'utf8' })
  if (psql('SELECT 1').status !== 0) {
    if (process.env.CI) throw new Error('CI must have PostgreSQL.')
    return void process.stderr.write('No PostgreSQL: the dump of one is not tried.\n')
  }
  const own = new URL(url)
  own.pathname = name
  try {
    psql(`CREATE DATABASE ${name}`)
    psql('CREATE TABLE t AS SELECT generate_series(1, 1000) AS n', own.href)
    await using vault = open(folder)
    const { backup } = value(await vault.create({ sources: [{ kind: 'postgres', url: own.href }] }))
    const into = join(folder, 'out')
    value(await vault.restore({ id: backup.id, into }))
    expect(spawnSync('pg_restore', ['--list', join(into, `${name}.dump`)], { encoding: 'utf8' }).stdout).toContain('TABLE DATA public t')
    const missing = new URL(own)
    missing.pathname = 'no_such_database'
    missing.password = 'hunter2'
    const error = failure(await vault.create({ sources: [{ kind: 'postgres', url: missing.href }] }))
    expect(error.code).toBe('dependency_failed')
    expect(error.message + JSON.stringify(error.details)).not.toContain('hunter2')
  } finally {
    psql(`DROP DATABASE IF EXISTS ${name}`)
  }
})

test('streams and several sources go into one backup; clashing names are refused', async () => {
  const folder = scratchFolder()
  writeTree(folder, { 'one/a': '1', 'two/one/a': '2' })
  await using vault = open(folder)
  const stream = { kind: 'stream' as const, as: 'export/data.json', open: async function* () { yield Buffer.from('{"n":'); yield Buffer.from('1}') } }
  const { backup } = value(await vault.create({ sources: [{ kind: 'folder', path: join(folder, 'one') }, stream] }))
  const into = join(folder, 'out')
  value(await vault.restore({ id: backup.id, into }))
  expect(readFileSync(join(into, 'export/data.json'), 'utf8')).toBe('{"n":1}')
  const clash = [join(folder, 'one'), join(folder, 'two/one')].map(path => ({ kind: 'folder' as const, path }))
  await expect(vault.create({ sources: clash })).rejects.toThrow(/distinct names/)
  await expect(vault.create({ sources: [] })).rejects.toThrow(/at least one/)
  await expect(vault.create({ sources: [{ ...stream, as: '../x' }] })).rejects.toThrow(/plain relative name/)
})

test('a source that is missing is a failure, and nothing is committed', async () => {
  const folder = scratchFolder()
  await using vault = open(folder)
  expect(failure(await vault.create({ sources: [{ kind: 'folder', path: join(folder, 'none') }] })).code).toBe('not_found')
  expect(value(await vault.list())).toEqual([])
})

test('the catalog is rebuilt from the manifests', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a' })
  await using vault = open(folder)
  for (const tag of ['one', 'two']) value(await vault.create({ sources: [{ kind: 'folder', path: source }], tags: [tag] }))
  const before = value(await vault.list())
  for (const damage of [() => rmSync(join(folder, 'vault/catalog.json')), () => writeFileSync(join(folder, 'vault/catalog.json'), '{"for')]) {
    damage()
    expect(value(await vault.list())).toEqual(before)
  }
  expect(before.map(backup => backup.tags)).toEqual([['two'], ['one']])
})

test('a restore appears whole in a fresh folder or not at all', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a', 'b/c': 'c' })
  await using vault = open(folder)
  const { backup: { id, payload } } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  const into = join(folder, 'out')
  expect(value(await vault.restore({ id, into, dryRun: true })).files).toBe(2)
  expect(existsSync(into)).toBe(false)
  expect(failure(await vault.restore({ id, into: source })).code).toBe('conflict')
  expect(failure(await vault.restore({ id: '20260101-000000000-abcdef', into })).code).toBe('not_found')
  expect(value(await vault.restore({ id, into, only: path => path.endsWith('/c') }))).toMatchObject({ files: 1 })
  expect(readTree(into)).toEqual({ 'data/b/c': 'Yw==' })

  const archive = join(folder, 'vault', payload.key)
  const bytes = readFileSync(archive)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(archive, bytes)
  const broken = join(folder, 'broken')
  expect(failure(await vault.restore({ id, into: broken })).code).toBe('data_corrupt')
  expect(readdirSync(folder).filter(name => name.startsWith('broken'))).toEqual([])
})

test('a cancelled backup commits nothing, and the next one goes through', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { big: Buffer.alloc(20 << 20, 'abc') })
  await using vault = open(folder)
  const abort = new AbortController()
  const error = failure(await vault.create({
    sources: [{ kind: 'folder', path: source }], signal: abort.signal, onProgress: ({ phase }) => phase === 'pack' && abort.abort(),
  }))
  expect(error.code).toBe('cancelled')
  expect(value(await vault.list())).toEqual([])
  expect(readdirSync(join(folder, 'vault'), { recursive: true }).filter(name => String(name).endsWith('.zst'))).toEqual([])
  expect((await vault.create({ sources: [{ kind: 'folder', path: source }] })).isOk()).toBe(true)
})

test('a zip is written for a person to open', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { 'a.txt': 'hello', 'b/ü.txt': 'world' })
  await using vault = open(folder)
  const { backup: { id } } = value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  const file = join(folder, 'backup.zip')
  expect(value(await vault.exportZip({ id, file })).files).toBe(2)
  const list = spawnSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), sorted(n for n in z.namelist() if not n.endswith("/")), z.read("data/a.txt"))', file], { encoding: 'utf8' })
  expect(list.stdout.trim()).toBe("None ['data/a.txt', 'data/b/ü.txt'] b'hello'")
  expect(failure(await vault.exportZip({ id, file })).code).toBe('conflict')
})

test('what is done is told, and a snapshot says what there is', async () => {
  const folder = scratchFolder()
  const source = writeTree(join(folder, 'data'), { a: 'a' })
  await using vault = open(folder, { quotaBytes: 1e9 })
  const heard: string[] = []
  const stop = vault.onEvent(event => heard.push(event.type))
  vault.onEvent(() => { throw new Error('a listener of bad manners') })
  value(await vault.create({ sources: [{ kind: 'folder', path: source }] }))
  value(await vault.verify())
  stop()
  value(await vault.verify())
  expect(heard).toEqual(['created', 'checked'])
  const snapshot = value(await vault.snapshot())
  expect(snapshot).toMatchObject({ backups: 1, states: { verified: 1, committed: 0 }, quotaBytes: 1e9, trashed: 0, unapproved: [] })
  expect(snapshot.storedBytes).toBeGreaterThan(500)
  expect(() => open(folder, { maxRemoveFraction: 0 })).toThrow(RangeError)
  expect(() => open(folder, { policy: {} })).toThrow(/empty/)
})
