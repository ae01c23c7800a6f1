import { openBackupVault, type FileEntry } from '@hivekit/backup-rotation'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, crc32, zstdCompressSync } from 'node:zlib'
import { Header, Pax, type HeaderData } from 'tar'
import { expect, test } from 'vitest'
import { openMemoryStore } from './memory-store.ts'
import { failure, value } from './outcome.ts'
import { scratchFolder, writeTree } from './scratch.ts'

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
const pack = (bytes: Uint8Array | string): Buffer => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
const header = (data: HeaderData, alter: (block: Buffer) => void = () => {}): Buffer => {
  const block = Buffer.alloc(512)
  new Header({ mode: 0o644, size: 0, mtime: new Date(0), type: 'File', ...data }).encode(block)
  alter(block)
  let sum = 8 * 0x20
  block.forEach((byte, at) => (sum += at >= 148 && at < 156 ? 0 : byte))
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
const file = (path: string, content = 'evil'): Buffer[] => [header({ path, size: content.length }), Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, '\0'))]
const link = (path: string, linkpath: string): Buffer[] => [header({ path, type: 'SymbolicLink', linkpath })]
const pax = (record: string): Buffer[] => {
  const length = Buffer.byteLength(record) + 2
  const body = `${length + String(length + 2).length} ${record}\n`
  return [header({ path: 'PaxHeader/x', type: 'ExtendedHeader', size: Buffer.byteLength(body) }), Buffer.from(body.padEnd(512, '\0'))]
}
const end = Buffer.alloc(1_024)
const listed = (path: string, type: FileEntry['type'] = 'file', rest: Partial<FileEntry> = {}): FileEntry =>
  ({ path, type, size: type === 'file' ? 4 : 0, mode: 0o644, modifiedAt: 0, ...(type === 'file' && { sha256: sha256('evil') }), ...rest })

/** Exchanges the archive of a backup for a hostile one, with lists and digests that match it: as one who owns the store would. */
const forge = async (folder: string, blocks: readonly Buffer[], entries: readonly FileEntry[], rawClaim?: number) => {
  const store = openMemoryStore()
  const vault = openBackupVault({ store, scratchFolder: folder })
  const { backup } = value(await vault.create({ sources: [{ kind: 'stream', as: 'x', open: async function* () { yield Buffer.from('x') } }] }))
  const raw = Buffer.concat(blocks)
  const archive = pack(raw)
  const index = pack(JSON.stringify({ entries, notes: [], frames: [[archive.length, rawClaim ?? raw.length, crc32(archive)]] }))
  store.objects.set(backup.payload.key, { bytes: archive, modifiedAt: 0 })
  store.objects.set(backup.payload.index.key, { bytes: index, modifiedAt: 0 })
  const { verification: _verification, approved: _approved, ...manifest } = {
    ...backup, payload: {
      ...backup.payload, bytes: archive.length, sha256: sha256(archive), rawBytes: raw.length, rawSha256: sha256(raw),
      index: { ...backup.payload.index, bytes: index.length, sha256: sha256(index) },
    },
  }
  const stored = JSON.stringify({ manifest, sha256: sha256(JSON.stringify(manifest)) }, undefined, 2)
  store.objects.set(`backups/${backup.id}.json`, { bytes: Buffer.from(`${stored}\n`), modifiedAt: 0 })
  store.objects.delete('catalog.json')
  return { vault, id: backup.id }
}

const many = Array.from({ length: 50 }, (_, n) => file(`f${n}`)).flat()
const hostile: Record<string, [blocks: Buffer[], entries: FileEntry[], message: RegExp, rawClaim?: number]> = {
  'a path that leads out': [[...file('../evil'), end], [listed('../evil')], /leads out/],
  'a path that leads out from within': [[...file('a/../../evil'), end], [listed('a/../../evil')], /leads out/],
  'an absolute path': [[header({ path: 'x', size: 4 }, block => block.write('/tmp/evil\0', 0)), Buffer.from('evil'.padEnd(512, '\0')), end], [listed('/tmp/evil')], /absolute/],
  'a drive letter': [[...file('C:evil'), end], [listed('C:evil')], /absolute/],
  'a name of no length': [[header({ path: '', size: 4 }), Buffer.from('evil'.padEnd(512, '\0')), end], [listed('')], /no name/],
  'a dot in a path': [[...file('a/./b'), end], [listed('a/./b')], /plain form/],
  'a NUL in a path': [[...pax('path=good\0/../evil'), ...file('x'), end], [listed('good\0/../evil')], /NUL/],
  'a name that is too long': [[...pax(`path=${'n'.repeat(300)}`), ...file('x'), end], [listed('n'.repeat(300))], /too long/],
  'a link out': [[...link('l', '../../outside'), end], [listed('l', 'link', { target: '../../outside' })], /links to/],
  'an absolute link': [[...link('l', '/etc'), end], [listed('l', 'link', { target: '/etc' })], /links to/],
  'a file through a link': [[...link('l', 'd'), ...file('l/evil'), end], [listed('l', 'link', { target: 'd' }), listed('l/evil')], /below something/],
  'a file below a file': [[...file('f'), ...file('f/evil'), end], [listed('f'), listed('f/evil')], /below something/],
  'a hard link': [[header({ path: 'h', type: 'Link', linkpath: '/etc/passwd' }), end], [listed('h')], /only files, folders/],
  'a character device': [[header({ path: 'null', type: 'CharacterDevice', devmaj: 1, devmin: 3 }), end], [listed('null')], /only files, folders/],
  'a block device': [[header({ path: 'sda', type: 'BlockDevice', devmaj: 8 }), end], [listed('sda')], /only files, folders/],
  'a pipe': [[header({ path: 'p', type: 'FIFO' }), end], [listed('p')], /only files, folders/],
  'a global header': [[new Pax({ path: '../evil' }, true).encode(), ...file('x'), end], [listed('x')], /only files, folders/],
  'the same path twice': [[...file('f'), ...file('f'), end], [listed('f'), listed('f')], /twice/],
  'a size below zero': [[header({ path: 'f', size: 4 }, block => block.fill(0xff, 124, 136)), end], [listed('f')], /impossible/],
  'a size below zero in an extended header': [[...pax('size=-5'), ...file('f'), end], [listed('f')], /impossible size/],
  'a size beyond all bounds': [[header({ path: 'f', size: 4 }, block => block.fill(0xff, 125, 136).writeUInt8(0x80, 124)), end], [listed('f')], /impossible/],
  'a size beyond the archive': [[header({ path: 'f', size: 4_000 }), end], [listed('f', 'file', { size: 4_000 })], /ends in the middle|ends before/],
  'an end that is missing': [[...file('f')], [listed('f')], /ends before/],
  'more after the end': [[...file('f'), end, ...file('g')], [listed('f')], /goes on after/],
  'a damaged header': [[header({ path: 'f', size: 4 }).fill(0x41, 20, 30), end], [listed('f')], /damaged header/],
  'a malformed extended header': [[header({ path: 'x', type: 'ExtendedHeader', size: 9 }), Buffer.from('99 path=x'.padEnd(512, '\0')), end], [listed('x')], /malformed/],
  'an extended header of a gigabyte': [[header({ path: 'x', type: 'ExtendedHeader', size: 1 << 30 }), end], [listed('x')], /impossible size/],
  'more bytes than were listed': [[...file('f', 'e'.repeat(10_000)), end], [listed('f')], /more than 4 bytes/],
  'more entries than were listed': [[...many, end], [listed('f0', 'file', { size: 10_000, sha256: sha256('evil') })], /list of files has|more than 1 entries/],
  'a bomb': [[Buffer.alloc(64 << 20), end], [listed('f')], /cannot be decoded/, 4_096],
  'a frame of a terabyte': [[...file('f'), end], [listed('f')], /impossible size/, 2 ** 40],
  'a frame of less than was claimed': [[...file('f'), end], [listed('f')], /another length/, 900_000],
  'another file than was listed': [[...file('g'), end], [listed('f')], /list of files has/],
  'another content than was listed': [[...file('f', 'EVIL'), end], [listed('f')], /does not match its digest/],
  'a file less than was listed': [[...file('f'), end], [listed('f'), listed('g')], /lacks 1/],
}

for (const [name, [blocks, entries, message, rawClaim]] of Object.entries(hostile)) {
  test(`${name} is refused with a clear error, and nothing is written outside`, async () => {
    const folder = scratchFolder()
    writeTree(folder, { 'outside/canary': 'alive', 'evil': 'untouched' })
    const { vault, id } = await forge(folder, blocks, entries, rawClaim)
    const error = failure(await vault.restore({ id, into: join(folder, 'in/target') }))
    expect(error.message).toMatch(message)
    expect(['data_corrupt', 'too_large']).toContain(error.code)
    expect(readdirSync(folder, { recursive: true }).map(String).toSorted()).toEqual(['evil', 'in', 'outside', 'outside/canary'])
    expect(readFileSync(join(folder, 'evil'), 'utf8')).toBe('untouched')
    if (!/links to/.test(String(message))) expect(value(await vault.verify({ ids: [id], depth: 'deep' })).sound).toBe(false)
  })
}

test('links that lead out are kept or skipped when a person says so, and nothing is ever written through one', async () => {
  const folder = scratchFolder()
  const blocks = [...link('l', '../outside'), ...file('f'), end]
  const entries = [listed('l', 'link', { target: '../outside' }), listed('f')]
  const { vault, id } = await forge(folder, blocks, entries)
  expect(value(await vault.restore({ id, into: join(folder, 'skipped'), outsideLinks: 'skip' })).skippedLinks).toEqual(['l'])
  expect(readdirSync(join(folder, 'skipped'))).toEqual(['f'])
  value(await vault.restore({ id, into: join(folder, 'kept'), outsideLinks: 'keep' }))
  expect(readdirSync(join(folder, 'kept')).toSorted()).toEqual(['f', 'l'])
  expect(existsSync(join(folder, 'outside'))).toBe(false)
})
