import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { must } from './must.ts'
import { openTemporaryStore } from './temporary-store.ts'

/** A sentence in each of ten scripts and more. */
const scripts = [
  'The quick brown fox jumps over the lazy dog.', 'Příliš žluťoučký kůň úpěl ďábelské ódy.', 'Съешь же ещё этих мягких французских булок.',
  'Γαζίες και μυρτιές δεν θα βρω πια.', 'נקי ספר מי שלח לך', 'نص حكيم له سر قاطع', 'ऋषियों को सताने वाले दुष्ट राक्षसों', 'เป็นมนุษย์สุดประเสริฐ',
  'ბელო ტექსტი ქართულად', 'Բել դղյակի ձախ ժամն', '我能吞下玻璃而不伤身体', 'いろはにほへとちりぬるを', '키스의 고유조건은 입술끼리',
]
const rich = '# One\n\n## Two\n\nSome **bold**, *italic*, `code`, [a link](https://example.com/?q=ü) and 🎉.\n\n- first\n  1. nested\n\n> quoted\n\n'
  + '```ts\nconst answer: number = 42 // why\n```\n\n| A | B |\n|---|---|\n| cell one | cell two |\n\n![plot](https://example.com/x.png) <script>alert(1)</script>'

describe('a PDF', () => {
  let opened: Awaited<ReturnType<typeof openTemporaryStore>>
  let path: string
  let pdf: Buffer
  const run = (command: string, ...args: string[]) => spawnSync(command, [...args, path], { encoding: 'utf8', maxBuffer: 64e6 })
  const textOf = () => spawnSync('pdftotext', [path, '-'], { encoding: 'utf8', maxBuffer: 64e6 }).stdout
  const read = async (id: string) => Buffer.concat(await Array.fromAsync(must(await opened.store.forBot('a').exportSession(id, { format: 'pdf', language: 'es-MX' })).content))
  let id: string

  beforeAll(async () => {
    opened = await openTemporaryStore({ clock: () => Date.UTC(2026, 10, 24) })
    const door = opened.store.forBot('a')
    ;({ id } = must(await door.create({ title: 'Títle <&> 漢字' })))
    for (const text of [...scripts, rich, 'long '.repeat(3_000), `word${'x'.repeat(2_000)}`]) {
      must(await door.append(id, { role: 'user', parts: [{ type: 'text', text }] }))
    }
    pdf = await read(id)
    path = join(opened.folder, 'out.pdf')
    await writeFile(path, pdf)
  })
  afterAll(() => opened.close())

  it('is sound, tagged, titled, in a language, with bookmarks and page labels', () => {
    expect(run('qpdf', '--check').stdout).toContain('No syntax or stream encoding errors')
    const info = run('pdfinfo').stdout
    expect(info).toMatch(/Title:\s+Títle <&> 漢字/)
    expect(info).toMatch(/Tagged:\s+yes/)
    const json = spawnSync('qpdf', ['--json', '--json-key=outlines', '--json-key=qpdf', path], { encoding: 'utf8', maxBuffer: 64e6 }).stdout
    expect((JSON.parse(json) as { outlines: unknown[] }).outlines.length).toBe(scripts.length + 3)
    expect(json).toContain('"/Lang": "u:es-MX"')
    expect(json).toContain('"/DisplayDocTitle": true')
    expect(pdf.toString('latin1')).toContain('<pdfuaid:part>1</pdfuaid:part>')
  })

  it('says what each thing is', () => {
    const structure = run('pdfinfo', '-struct')
    expect(structure.stderr).toBe('')
    for (const tag of ['H1', 'H2', 'H3', 'H4', 'Link', 'L ', 'LI', 'Lbl', 'LBody', 'BlockQuote', 'Code', 'Table', 'TH', 'TD']) expect(structure.stdout).toContain(tag)
  })

  it('gives back every word of every script in order', () => {
    // Marks of direction and the spaces around turned words are the reader's.
    const plain = (text: string) => text.normalize('NFKC').replaceAll(/[\s\u200e\u200f\u202a-\u202e]/g, '')
    const text = textOf()
    let at = 0
    for (const sentence of scripts) {
      const found = plain(text).indexOf(plain(sentence), at)
      expect([sentence, found >= at]).toEqual([sentence, true])
      at = found
    }
    expect(text.match(/long/g)?.length).toBeGreaterThanOrEqual(3_000)
    for (const said of ['bold', 'a link', '🎉', 'const answer: number = 42 // why', 'cell two', '<script>alert(1)</script>', 'plot: https://example.com/x.png']) {
      expect(plain(text)).toContain(plain(said))
    }
  })

  it('is the same bytes each time', async () => {
    expect((await read(id)).equals(pdf)).toBe(true)
  })

  it('stops when told to, and says how far it is', async () => {
    const done: number[] = []
    const controller = new AbortController()
    const { content } = must(await opened.store.forBot('a').exportSession(id, {
      format: 'pdf', signal: controller.signal,
      onProgress: ({ done: n, total }) => {
        done.push(n, total)
        controller.abort()
      },
    }))
    await expect(Array.fromAsync(content)).rejects.toMatchObject({ code: 'cancelled' })
    expect(done).toEqual([16, 16])
  })
})
