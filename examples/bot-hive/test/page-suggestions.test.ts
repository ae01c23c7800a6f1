import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fuzzyMatch } from '../src/web/suggestions/fuzzy-match.ts'
import { rankSuggestions, type Sent } from '../src/web/suggestions/rank-suggestions.ts'
import { readHistory, remember } from '../src/web/suggestions/sent-history.ts'
import { openStage, type Stage } from './page-stage.ts'

const now = 1_800_000_000_000
const hour = 3_600_000
const command = (name: string, hint?: string) => ({ name, description: `Does ${name}.`, ...(hint ? { hint } : {}) })
const commands = ['status', 'start', 'stop', 'restart', 'stats', 'log-errors', 'help'].map(name => command(name))
const texts = (query: string, history: readonly Sent[] = [], lastReply = '') =>
  rankSuggestions({ query, commands, history, lastReply, now }).map(({ text }) => text)

describe('a match', () => {
  test('finds the letters of the query in order, and only then', () => {
    fc.assert(fc.property(fc.string({ maxLength: 6 }), fc.string({ maxLength: 20 }), (query, text) => {
      const match = fuzzyMatch(query, text)
      if (match) expect(match.letters.map(at => text.toLowerCase()[at]).join('')).toBe(query.toLowerCase())
      expect(match?.letters ?? []).toEqual([...(match?.letters ?? [])].toSorted((a, b) => a - b))
    }))
  })
  test('means the beginnings of words', () => {
    expect(fuzzyMatch('le', 'log-errors')?.letters).toEqual([0, 4])
    expect(fuzzyMatch('xyz', 'log-errors')).toBeUndefined()
  })
})

describe('suggestions', () => {
  test('that begin as was typed come before those that only contain it', () => {
    expect(texts('/sta').slice(0, 3).toSorted()).toEqual(['/start', '/stats', '/status'])
    expect(texts('/sta')[3]).toBe('/restart')
  })
  test('that are used often and lately come first, and say why', () => {
    const history = [{ text: '/stop', times: 9, lastAt: now - hour / 2 }, { text: '/start', times: 9, lastAt: now - 400 * hour }]
    const ranked = rankSuggestions({ query: '/', commands, history, now })
    expect(ranked.slice(0, 2).map(({ text, why }) => [text, why])).toEqual([['/stop', 'used before'], ['/start', 'used before']])
  })
  test('take up what the last reply names', () => {
    expect(texts('/', [], 'The worker is down: try `/restart`.')[0]).toBe('/restart')
  })
  test('hold what was sent before, with its arguments', () => {
    expect(texts('/stop w', [{ text: '/stop worker', times: 1, lastAt: now }])).toEqual(['/stop worker'])
  })

  test('put what is wanted into the first three at least 1.5 times as often as the alphabet does', () => {
    let seed = 7
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
    const words = ['sync', 'show', 'send', 'save', 'scan', 'sort', 'split', 'start', 'status', 'stop', 'store', 'swap', 'sweep', 'switch', 'seal', 'search']
    const many = words.flatMap(word => ['all', 'bot', 'log', 'task'].map(thing => command(`${word}-${thing}`)))
    const favourites = many.toSorted(() => random() - 0.5)
    const wanted = Array.from({ length: 400 }, () => favourites[Math.floor(favourites.length * random() ** 3)] ?? command('x'))
    const kept = new Map<string, unknown>()
    const keep = { get: (key: string) => kept.get(key), set: (key: string, value: unknown) => void kept.set(key, value), remove: () => {} }
    let [ours, alphabet] = [0, 0]
    for (const [i, { name }] of wanted.entries()) {
      const query = `/${name.slice(0, 2)}`
      const at = now + i * hour / 4
      const ranked = rankSuggestions({ query, commands: many, history: readHistory(keep, 'b'), now: at })
      if (ranked.slice(0, 3).some(({ text }) => text === `/${name}`)) ours += 1
      const sorted = many.map(each => `/${each.name}`).filter(text => text.startsWith(query)).toSorted()
      if (sorted.slice(0, 3).includes(`/${name}`)) alphabet += 1
      remember(keep, 'b', `/${name}`, at)
    }
    process.stderr.write(`wanted command in the first three: ${ours} of 400, by alphabet ${alphabet}\n`)
    expect(ours).toBeGreaterThanOrEqual(1.5 * alphabet)
  })
})

test('what was sent is remembered for each bot, once for each text, and a damaged memory is none', () => {
  const kept = new Map<string, unknown>()
  const keep = { get: (key: string) => kept.get(key), set: (key: string, value: unknown) => void kept.set(key, value), remove: () => {} }
  remember(keep, 'a', '/x', 1)
  remember(keep, 'a', '/y', 2)
  remember(keep, 'a', '/x', 3)
  expect(readHistory(keep, 'a')).toEqual([{ text: '/x', times: 2, lastAt: 3 }, { text: '/y', times: 1, lastAt: 2 }])
  expect(readHistory(keep, 'b')).toEqual([])
  kept.set('sent:a', [{ text: 3 }, null, 'x'])
  expect(readHistory(keep, 'a')).toEqual([])
})

describe('on the page', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage?.[Symbol.asyncDispose]())

  test('a slash suggests what the bot understands; arrows, Tab, Enter and Escape do as one expects', async () => {
    await stage.tell('storyteller', 'So that its commands are known', 'hello')
    await using opened = await stage.open('#/bots/storyteller/sessions/new')
    const { page } = opened
    const field = page.getByRole('textbox', { name: 'Message Storyteller' })
    const marked = page.getByRole('option', { selected: true })
    await page.getByRole('button', { name: '/rich' }).waitFor()
    await field.focus()
    await page.keyboard.type('/')
    expect(await page.getByRole('option').count()).toBe(4)
    const first = await marked.textContent()
    await page.keyboard.press('ArrowDown')
    expect(await marked.textContent()).not.toBe(first)
    await page.keyboard.press('ArrowUp')
    expect(await marked.textContent()).toBe(first)
    expect(await field.getAttribute('aria-activedescendant')).toBe('suggestion-0')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('listbox').count()).toBe(0)
    await page.keyboard.type('sl')
    expect(await marked.textContent()).toContain('/slow')
    await page.keyboard.press('Tab')
    expect(await field.inputValue()).toBe('/slow ')
    await page.keyboard.type('3')
    await page.keyboard.press('Enter')
    await page.getByRole('article', { name: /^Storyteller/ }).getByText('word3').waitFor()

    await field.focus()
    await page.keyboard.press('ArrowUp')
    expect(await field.inputValue()).toBe('/slow 3')
    await field.fill('/sl')
    await page.getByRole('option', { name: /\/slow 3.*sent before/ }).click()
    expect(await field.inputValue()).toBe('/slow 3')
  })
})
