import { spawnSync } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeExporting } from './contract/exporting.ts'
import { codeOf, must } from './must.ts'
import { openTemporaryStore } from './temporary-store.ts'

describe('SQLite', () => {
  describeExporting(openTemporaryStore)

  it('bundles JSON, Markdown and attachments in a zip under names of its own making', async () => {
    const { store, folder, close } = await openTemporaryStore({ clock: () => Date.UTC(2026, 0, 1) })
    const door = store.forBot('zip')
    const { id } = must(await door.create())
    const attachments = [
      must(await door.putAttachment(id, Buffer.from('one'), { name: '../up.txt' })),
      must(await door.putAttachment(id, Buffer.from('two'), { name: 'CON' })),
    ]
    must(await door.append(id, { role: 'user', parts: [{ type: 'text', text: 'See files' }], attachments }))
    const read = async () => Buffer.concat(await Array.fromAsync(must(await door.exportSession(id, { format: 'zip' })).content))
    const zip = await read()
    expect((await read()).equals(zip)).toBe(true)
    const path = join(folder, 'out.zip')
    await writeFile(path, zip)
    const python = `import zipfile,sys
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
for n in z.namelist(): print(n, len(z.read(n)))`
    const listed = spawnSync('python3', ['-c', python, path], { encoding: 'utf8' }).stdout.trim().split('\n').map(line => line.split(/ (?=\d+$)/)[0])
    expect(listed).toEqual(['session.json', 'session.md', 'attachments/001-up.txt', 'attachments/002-file'])
    await close()
  })

  it('leaves no file of a deleted session, and refuses what is too large or of a type that is not taken', async () => {
    const { store, path, close } = await openTemporaryStore({ limits: { maxAttachmentBytes: 10 }, acceptsMediaType: type => type !== 'text/html' })
    const door = store.forBot('a')
    const { id } = must(await door.create())
    const files = async () => (await readdir(`${path}-files`, { recursive: true, withFileTypes: true })).filter(f => f.isFile())
    must(await door.putAttachment(id, Buffer.from('0123456789'), { name: 'ten' }))
    expect((await files()).length).toBe(1)
    expect(codeOf(await door.putAttachment(id, Buffer.from('0123456789a'), { name: 'eleven' }))).toBe('too_large')
    expect(codeOf(await door.putAttachment(id, Buffer.from('<p>'), { name: 'page', mediaType: 'text/html' }))).toBe('unsupported')
    expect((await files()).length).toBe(1)
    must(await door.delete(id))
    expect(await files()).toEqual([])
    await close()
  })
})
