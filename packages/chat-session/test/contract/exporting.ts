import { randomBytes } from 'node:crypto'
import { sessionExportSchema, type BotSessions, type ExportOptions, type SessionStore } from '@hivekit/chat-session'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, must } from '../must.ts'

const bytesOf = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => Buffer.concat(await Array.fromAsync(content))
const text = (t: string) => [{ type: 'text', text: t }]

/** Taking sessions away and bringing them back, on any engine. */
export const describeExporting = (open: (options: { clock: () => number }) => Promise<{ readonly store: SessionStore, readonly close: () => Promise<void> }>): void => {
  describe('exporting', () => {
    let store: SessionStore
    let close: () => Promise<void>
    let now = Date.UTC(2026, 10, 24, 9, 30, 5)
    beforeAll(async () => {
      ({ store, close } = await open({ clock: () => now++ }))
    })
    afterAll(() => close())
    const exported = async (door: BotSessions, id: string, options: ExportOptions) => {
      const { content, ...rest } = must(await door.exportSession(id, options))
      return { ...rest, bytes: await bytesOf(content) }
    }
    const sample = async (door: BotSessions) => {
      const { id } = must(await door.create({ title: 'Plans: a/b "c"' }))
      must(await door.setData(id, { agent: 'a1' }))
      const file = must(await door.putAttachment(id, randomBytes(100_001), { name: '../../evil\u202e.bin', mediaType: 'image/png' }))
      const { message, reply } = must(await door.ask(id, { parts: text('# Heading\n\nLook: *this* 漢字 🎉'), attachments: [file] }))
      const writer = must(await door.openReply(id, reply.id))
      writer.setPart('t', { type: 'tool', id: 't', title: 'ls', status: 'completed', text: 'a\nb' })
      writer.appendText('Done.')
      must(await writer.finish({ state: 'failed', error: { code: 'timeout', message: 'Too slow.' } }))
      must(await door.edit(id, message.id, { parts: text('edited'), ifVersion: 1 }))
      return { id, file }
    }

    it('restores from JSON all there was: ids, order, times, data, attachments', async () => {
      const from = store.forBot('from')
      const { id, file } = await sample(from)
      const { bytes, fileName, mediaType } = await exported(from, id, { format: 'json' })
      expect([fileName, mediaType]).toEqual(['Plans a b c.json', 'application/json'])
      expect((await exported(from, id, { format: 'json' })).bytes.equals(bytes)).toBe(true)
      const validate = new Ajv2020({ strict: false }).compile(sessionExportSchema)
      expect([validate(JSON.parse(bytes.toString())), validate.errors]).toEqual([true, null])

      const before = {
        session: must(await from.get(id)), data: must(await from.getData(id)), messages: must(await from.messages(id)),
        file: await bytesOf(must(await from.openAttachment(id, file.id)).content),
      }
      expect(codeOf(await store.forBot('to').importSession(bytes))).toBe('conflict')
      expect(must(await from.importSession(bytes))).toEqual({ session: before.session, repeated: true })
      must(await from.delete(id))
      const to = store.forBot('to')
      expect(must(await to.importSession(bytes)).repeated).toBe(false)
      expect(must(await to.importSession(bytes)).repeated).toBe(true)
      expect(must(await to.get(id))).toEqual({ ...before.session, botId: 'to' })
      expect(must(await to.getData(id))).toEqual(before.data)
      expect(must(await to.messages(id))).toEqual(before.messages)
      expect((await bytesOf(must(await to.openAttachment(id, file.id)).content)).equals(before.file)).toBe(true)
      expect(must(await to.search('edited')).items.length).toBe(1)
      must(await to.setTitle(id, 'Another'))
      expect(codeOf(await to.importSession(bytes))).toBe('conflict')
      const copy = must(await to.importSession(bytes, { ids: 'new' })).session
      expect(copy.id).not.toBe(id)
      expect(must(await to.messages(copy.id)).items.map(m => m.parts)).toEqual(before.messages.items.map(m => m.parts))
      expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    })

    it('refuses, and stores nothing of, whatever its published schema refuses', async () => {
      const door = store.forBot('schema')
      const { id } = await sample(door)
      const document = JSON.parse((await exported(door, id, { format: 'json' })).bytes.toString()) as Record<string, unknown>
      must(await door.delete(id))
      const validate = new Ajv2020({ strict: false }).compile(sessionExportSchema)
      /** Every place in the document. */
      const places: (readonly (string | number)[])[] = []
      const visit = (value: unknown, at: readonly (string | number)[]) => {
        places.push(at)
        if (typeof value === 'object' && value !== null) {
          for (const [key, item] of Object.entries(value)) visit(item, [...at, Array.isArray(value) ? Number(key) : key])
        }
      }
      visit(document, [])
      const junk = fc.constantFrom(null, 0, -1, 1.5, '', 'x', [], {}, true, 'toString', { type: 'text' }, [{}], undefined)
      await fc.assert(fc.asyncProperty(fc.constantFrom(...places.slice(1)), junk, async (place, value) => {
        const changed = structuredClone(document)
        let holder = changed as Record<string | number, unknown>
        for (const key of place.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>
        if (value === undefined) delete holder[place.at(-1)!]
        else holder[place.at(-1)!] = value
        const json = JSON.stringify(changed)
        const result = await door.importSession(json)
        if (!validate(JSON.parse(json))) expect([place, codeOf(result)]).toEqual([place, 'invalid_argument'])
        if (result.isOk()) must(await door.delete(result.value.session.id))
        expect(must(await door.list()).items).toEqual([])
      }), { numRuns: 300 })
      for (const broken of ['', '{', '[]', 'null', Buffer.from([0xff])]) expect(codeOf(await door.importSession(broken))).toBe('invalid_argument')
      const lying = structuredClone(document) as { files: { base64: string }[] }
      lying.files[0]!.base64 = 'AAAA'
      expect(codeOf(await door.importSession(JSON.stringify(lying)))).toBe('invalid_argument')
    })

    it('writes Markdown and text with roles, times and what is not prose', async () => {
      const door = store.forBot('words')
      const { id } = await sample(door)
      const markdown = (await exported(door, id, { format: 'markdown', timeZone: 'Europe/Madrid' })).bytes.toString()
      expect(markdown).toMatch(/^# Plans: a\/b "c"\n/)
      expect(markdown).toContain('## 1. User, 2026-11-24 10:30:05\n\nedited\n')
      expect(markdown).toContain('## 2. words, 2026-11-24 10:30:05\n\n> **Tool: ls (completed)**\n>\n> a\n> b\n\nDone.\n\n*failed: Too slow.*')
      const plain = (await exported(door, id, { format: 'text' })).bytes.toString()
      expect(plain).toContain('[2026-11-24 09:30:05] User:\nedited\n(Attachment: ')
      expect(codeOf(await door.exportSession(id, { format: 'text', timeZone: 'Mars/Olympus' }))).toBe('invalid_argument')
      expect(codeOf(await store.forBot('others').exportSession(id, { format: 'text' }))).toBe('not_found')
    })

    it('stops when told to', async () => {
      const door = store.forBot('stop')
      const { id } = await sample(door)
      const controller = new AbortController()
      const { content } = must(await door.exportSession(id, { format: 'markdown', signal: controller.signal, onProgress: () => controller.abort() }))
      await expect(bytesOf(content)).rejects.toMatchObject({ code: 'cancelled' })
    })

    it('keeps one copy of the same bytes, and lets it go with the last session that has it', async () => {
      const doors = [store.forBot('f1'), store.forBot('f2')] as const
      const bytes = randomBytes(1_000)
      const put = []
      for (const door of doors) {
        const { id } = must(await door.create())
        put.push({ door, id, file: must(await door.putAttachment(id, bytes, { name: 'a.bin' })) })
      }
      expect(put[0]!.file.sha256).toBe(put[1]!.file.sha256)
      expect(codeOf(await doors[1].openAttachment(put[0]!.id, put[0]!.file.id))).toBe('not_found')
      expect(codeOf(await doors[1].openAttachment(put[1]!.id, put[0]!.file.id))).toBe('not_found')
      must(await doors[0].delete(put[0]!.id))
      expect((await bytesOf(must(await doors[1].openAttachment(put[1]!.id, put[1]!.file.id)).content)).equals(bytes)).toBe(true)
      must(await doors[1].delete(put[1]!.id))
      expect(codeOf(await doors[1].putAttachment(put[1]!.id, bytes, { name: 'late' }))).toBe('not_found')
      const { id } = must(await doors[0].create())
      expect(codeOf(await doors[0].putAttachment(id, bytes, { name: '' }))).toBe('invalid_argument')
      expect(codeOf(await doors[0].putAttachment(id, bytes, { name: 'x', mediaType: 'text/html\r\nx: y' }))).toBe('invalid_argument')
      expect(codeOf(await doors[0].putAttachment(id, bytes, { name: 'x', signal: AbortSignal.abort() }))).toBe('cancelled')
    })
  })
}
