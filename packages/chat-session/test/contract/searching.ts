import type { BotSessions, Message, SearchOptions, SearchPage, SessionStore } from '@hivekit/chat-session'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, must } from '../must.ts'

const soak = Number(process.env.HIVEKIT_SOAK ?? 1)
const day = 86_400_000
const start = Date.UTC(2026, 9, 28)

/* A scan by the rules as the documentation tells them, made apart from the index: words are runs of letters and digits. */

const simplify = (text: string): string =>
  text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '').toLowerCase().replaceAll('ß', 'ss').replaceAll('ø', 'o').normalize('NFC')
/** Words, and single characters of scripts without spaces. */
const atoms = (text: string): string[] => simplify(text).match(/[a-z0-9а-яα-ω]+|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]|\p{Extended_Pictographic}/gu) ?? []
const isCharacter = (atom: string) => /^[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3\u0e00-\u0e7f]/u.test(atom)

interface Term { readonly text: string, readonly quoted: boolean, readonly star: boolean, readonly minus: boolean }
interface Asked {
  readonly terms: readonly Term[], readonly role: string | undefined, readonly from: number | undefined, readonly until: number | undefined
  readonly attachment: boolean | undefined
}

const holds = (text: string, { text: wanted, star }: Term): boolean => {
  const there = atoms(text)
  const pattern = atoms(wanted)
  return there.some((_, i) => pattern.every((atom, k) => {
    const found = there[i + k]
    const mayGoOn = star && k === pattern.length - 1 && !isCharacter(atom)
    return found !== undefined && (mayGoOn ? found.startsWith(atom) : found === atom)
  }))
}
const fits = (message: Message, asked: Asked): boolean => {
  const text = message.parts.map(p => p.text).join('\n\n') + message.attachments.map(a => `\n\n${a.name}`).join('')
  return asked.terms.every(term => atoms(term.text).length === 0 || holds(text, term) !== term.minus)
    && (asked.role === undefined || message.role === asked.role)
    && (asked.from === undefined || message.createdAt >= asked.from)
    && (asked.until === undefined || message.createdAt < asked.until)
    && (asked.attachment === undefined || (message.attachments.length > 0) === asked.attachment)
}
const dateOf = (at: number) => new Date(at).toISOString().slice(0, 10)
const write = (asked: Asked): string => [
  ...asked.terms.map(({ text, quoted, star, minus }) => `${minus ? '-' : ''}${quoted ? `"${text}"` : text}${star ? '*' : ''}`),
  ...(asked.role === undefined ? [] : [`role:${asked.role}`]),
  ...(asked.from === undefined ? [] : [`after:${dateOf(asked.from)}`]),
  ...(asked.until === undefined ? [] : [`before:${dateOf(asked.until)}`]),
  ...(asked.attachment === undefined ? [] : [`${asked.attachment ? '' : '-'}has:attachment`]),
].join(' ')

const words = ['alpha', 'alphabet', 'al', 'beta', 'Ünïcode', 'unicode', 'STRASSE', 'straße', 'naïve', '漢字', '漢', '字', '日本語', '本', '한국어', '국어', 'ภาษา', '42', 'x', '🎉', 'Ωmega', 'привет', 'røø']
const word = fc.constantFrom(...words)
const text = fc.array(fc.tuple(word, fc.constantFrom(' ', ', ', '-', '\n', '')), { maxLength: 8 }).map(all => all.flat().join(''))
const term: fc.Arbitrary<Term> = fc.record({
  text: fc.oneof({ weight: 3, arbitrary: word }, fc.array(word, { minLength: 1, maxLength: 3 }).map(w => w.join(' '))),
  star: fc.boolean(),
  minus: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
}).map(t => ({ ...t, quoted: t.text.includes(' ') }))
const date = fc.option(fc.nat(70).map(days => start + days * day), { nil: undefined })
const question: fc.Arbitrary<Asked> = fc.record({
  terms: fc.array(term, { maxLength: 3 }),
  role: fc.option(fc.constantFrom('user', 'bot', 'system'), { nil: undefined }),
  from: date,
  until: date,
  attachment: fc.option(fc.boolean(), { nil: undefined, freq: 6 }),
})

/** Reads all pages. */
const searchAll = async (door: Pick<BotSessions, 'search'>, query: string, options: SearchOptions = {}) => {
  const items: SearchPage['items'][number][] = []
  let cursor: string | undefined
  do {
    const page: SearchPage = must(await door.search(query, { ...options, ...(cursor ? { cursor } : {}) }))
    items.push(...page.items)
    cursor = page.next
  } while (cursor)
  return items
}

/** The whole query language, on any engine. */
export const describeSearching = (
  open: (options: { clock: () => number }) => Promise<{ readonly store: SessionStore, readonly close: () => Promise<void> }>,
  runs: number,
): void => {
  describe('searching', () => {
    let store: SessionStore
    let close: () => Promise<void>
    let now = start
    beforeAll(async () => {
      ({ store, close } = await open({ clock: () => now }))
    })
    afterAll(() => close())
    const say = async (door: BotSessions, id: string, said: string, role: Message['role'] = 'user', names: string[] = []) =>
      must(await door.append(id, {
        role,
        parts: said === '' ? [] : [{ type: 'text', text: said }],
        attachments: names.map((name, i) => ({ id: `f${i}`, name, mediaType: 'text/plain', bytes: 1 })),
      }))

    it('finds exactly what a scan of everything finds, newest first, by pages of any size', async () => {
      let round = 0
      const message = fc.record({ text, role: fc.constantFrom('user', 'bot', 'system'), name: fc.option(word, { nil: undefined, freq: 4 }), days: fc.nat(3) })
      await fc.assert(fc.asyncProperty(
        fc.array(fc.record({ scope: fc.nat(2), messages: fc.array(message, { maxLength: 12 }) }), { maxLength: 5 }),
        fc.array(question, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (sessions, questions, limit) => {
          round++
          now = start
          const doors = [store.forBot(`s${round}`), store.forBot(`s${round}`, { userId: 'u' }), store.forBot(`t${round}`)]
          const all: Message[][] = [[], [], []]
          for (const { scope, messages } of sessions) {
            const { id } = must(await doors[scope]!.create())
            for (const m of messages) {
              now += m.days * day * 2
              all[scope]!.push(await say(doors[scope]!, id, m.text, m.role, m.name === undefined ? [] : [m.name]))
            }
          }
          for (const asked of questions) {
            for (const [scope, door] of doors.entries()) {
              const expected = all[scope]!.filter(m => fits(m, asked)).map(m => m.id)
              const query = write(asked)
              expect([query, (await searchAll(door, query, { limit })).map(h => h.messageId)]).toEqual([query, expected.toReversed()])
              const ranked = await searchAll(door, query, { limit, order: 'relevance' })
              expect([query, ranked.map(h => h.messageId).toSorted()]).toEqual([query, expected.toSorted()])
            }
          }
        },
      ), { numRuns: Math.ceil(runs * soak) })
    })

    it('takes any string for a query', async () => {
      const door = store.forBot('any')
      const { id } = must(await door.create())
      await say(door, id, 'some text, "quoted" (and) AND OR NOT NEAR text:x')
      const odd = fc.constantFrom('"', '*', '-', ':', '(', ')', 'AND', 'OR', 'NOT', 'NEAR', '^', '{', '}', '+', '\\', '\0', '\ud800', 'role:', 'before:', 'on:9999-99-99', 'has:', "'", ';', '漢', ' ')
      const query = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.array(fc.oneof(odd, fc.string({ maxLength: 4 })), { maxLength: 12 }).map(p => p.join('')))
      await fc.assert(fc.asyncProperty(query, fc.constantFrom('newest' as const, 'relevance' as const), async (q, order) => {
        must(await door.search(q, { order }))
      }), { numRuns: Math.ceil(2_000 * soak) })
    })

    it('marks what it found, in the text as it was written', async () => {
      const door = store.forBot('snippets')
      const { id } = must(await door.create({ title: 'Marks' }))
      const said = `${'filler '.repeat(60)}The CAFÉ in the Straße serves 東京都の水 and ½ coffee ${'more '.repeat(60)}`
      const message = await say(door, id, said)
      const marked = async (query: string) => {
        const [hit] = must(await door.search(query)).items
        expect(hit).toMatchObject({ botId: 'snippets', sessionId: id, sessionTitle: 'Marks', messageId: message.id, seq: 1, role: 'user' })
        const whole = hit!.snippet.map(p => p.text).join('')
        expect(said).toContain(whole.replaceAll('…', ''))
        expect(whole.length).toBeLessThan(300)
        return hit!.snippet.filter(p => p.hit).map(p => p.text)
      }
      expect(await marked('cafe')).toEqual(['CAFÉ'])
      expect(await marked('strasse 京都')).toEqual(['Straße', '京都'])
      expect(await marked('stras*')).toEqual(['Straße'])
      expect(await marked('"the strasse"')).toEqual(['the Straße'])
      expect(await marked('水')).toEqual(['水'])
    })

    it('ranks a short message about the words above a long one that mentions them', async () => {
      const door = store.forBot('ranks')
      const { id } = must(await door.create())
      const about = await say(door, id, 'pelican pelican')
      const aside = await say(door, id, `a pelican ${'and other birds '.repeat(50)}`)
      expect(must(await door.search('pelican', { order: 'relevance' })).items.map(h => h.messageId)).toEqual([about.id, aside.id])
      expect(must(await door.search('pelican')).items.map(h => h.messageId)).toEqual([aside.id, about.id])
    })

    it('keeps its pages apart when messages come and go between them', async () => {
      const door = store.forBot('pages')
      const { id } = must(await door.create())
      const said: Message[] = []
      for (let i = 0; i < 6; i++) said.push(await say(door, id, 'heron'))
      for (const order of ['newest', 'relevance'] as const) {
        const first = must(await door.search('heron', { limit: 2, order }))
        said.push(await say(door, id, 'heron'))
        const rest = await searchAll(door, 'heron', { limit: 2, order, cursor: first.next! })
        const seen = [...first.items, ...rest].map(h => h.messageId)
        expect(new Set(seen).size).toBe(seen.length)
        expect(seen).toEqual(said.slice(0, -1).toReversed().map(m => m.id))
      }
    })

    it('sees edits and deletions at once, and a reply when it is finished', async () => {
      const door = store.forBot('fresh')
      const { id } = must(await door.create())
      const m = await say(door, id, 'ostrich')
      must(await door.search('warm-up'))
      must(await door.edit(id, m.id, { parts: [{ type: 'text', text: 'emu' }], ifVersion: 1 }))
      expect(must(await door.search('ostrich')).items).toEqual([])
      expect(must(await door.search('emu')).items.length).toBe(1)
      must(await door.edit(id, m.id, { parts: [{ type: 'text', text: 'kiwi' }], ifVersion: 2 }))
      expect(must(await door.search('emu')).items).toEqual([])
      const { reply } = must(await door.ask(id, { parts: [{ type: 'text', text: 'Which?' }] }))
      const writer = must(await door.openReply(id, reply.id))
      writer.appendText('cassowary')
      must(await writer.flush())
      expect(must(await door.search('cassowary')).items).toEqual([])
      must(await writer.finish({ state: 'complete' }))
      expect(must(await door.search('cassowary')).items.length).toBe(1)
      must(await door.delete(id))
      expect(must(await door.search('kiwi')).items).toEqual([])
      expect(must(await store.checkIntegrity())).toEqual({ ok: true, problems: [] })
    })

    it('narrows to one session, and knows no session of another door', async () => {
      const door = store.forBot('narrow')
      const ids = [must(await door.create()).id, must(await door.create()).id]
      for (const id of ids) await say(door, id, 'stork')
      expect(must(await door.search('stork', { sessionId: ids[0]! })).items.map(h => h.sessionId)).toEqual([ids[0]])
      expect(codeOf(await store.forBot('other').search('stork', { sessionId: ids[0]! }))).toBe('not_found')
    })

    it('searches every bot for the host, or those it names', async () => {
      for (const bot of ['ba', 'bb', 'bc']) {
        const door = store.forBot(bot)
        await say(door, must(await door.create()).id, 'flamingo')
      }
      const bots = async (query: string, options = {}) => must(await store.search(query, options)).items.map(h => h.botId)
      expect(await bots('flamingo')).toEqual(['bc', 'bb', 'ba'])
      expect(await bots('flamingo bot:ba bot:bc')).toEqual(['bc', 'ba'])
      expect(await bots('flamingo', { userId: 'nobody' })).toEqual([])
      expect(must(await store.forBot('ba').search('flamingo bot:bb')).items).toEqual([])
    })

    it('gives up at once when told to, and refuses what is not a search', async () => {
      const door = store.forBot('any')
      expect(codeOf(await door.search('x', { signal: AbortSignal.abort() }))).toBe('cancelled')
      expect(codeOf(await door.search('x', { cursor: 'nonsense' }))).toBe('invalid_argument')
      expect(codeOf(await door.search('x', { limit: 0 }))).toBe('invalid_argument')
      expect(codeOf(await door.search('x'.repeat(2_000)))).toBe('too_large')
    })
  })
}
