import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { choices, createPreferenceStore, readPreferences } from '../src/web/preferences/preferences.ts'
import { openStage, type Stage } from './page-stage.ts'

describe('what was kept', () => {
  const defaults = { theme: 'system', font: 'sans', size: 'medium', density: 'comfortable', send: 'enter' }

  test.each([undefined, null, 3, 'text', [], { theme: 'pink' }, { theme: { toString: 1 } }, { __proto__: { theme: 'dark' } }])(
    '%j is read as the defaults', value => expect(readPreferences(value).preferences).toEqual(defaults))

  test('keeps what is whole and names what is damaged', () => {
    expect(readPreferences({ theme: 'dark', size: 12, other: 1 })).toEqual({ preferences: { ...defaults, theme: 'dark' }, damaged: ['size'] })
    expect(readPreferences('{').damaged).toEqual(Object.keys(choices))
  })

  test('is applied at the start, at each change, and when another tab changed it', () => {
    const kept = new Map<string, unknown>([['preferences', { theme: 'dark' }]])
    const applied: string[] = []
    const keep = { get: (key: string) => kept.get(key), set: (key: string, value: unknown) => void kept.set(key, value), remove: () => {} }
    const store = createPreferenceStore(keep, ({ theme, size }) => void applied.push(`${theme} ${size}`))
    store.change({ size: 'large' })
    expect(kept.get('preferences')).toMatchObject({ theme: 'dark', size: 'large' })
    kept.set('preferences', { theme: 'light' })
    store.reload()
    expect(applied).toEqual(['dark medium', 'dark large', 'light medium'])
  })
})

describe('on the page', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage?.[Symbol.asyncDispose]())

  test('a choice holds at once, in every tab, and after a reload', async () => {
    await using opened = await stage.open('#/bots/storyteller/sessions/new', { colorScheme: 'light' })
    const { page } = opened
    const other = await page.context().newPage()
    await other.goto(stage.hive.url)
    await page.getByRole('button', { name: 'Preferences' }).click()
    await page.getByRole('radio', { name: 'Dark' }).check()
    await page.getByRole('radio', { name: 'Large', exact: true }).check()
    await page.getByRole('radio', { name: /Ctrl/ }).check()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Preferences' }).and(page.locator(':focus')).waitFor()
    const look = 'const s = getComputedStyle(document.documentElement); s.colorScheme + " " + s.fontSize'
    expect(await page.evaluate(look)).toBe('dark 18px')
    await expect.poll(() => other.evaluate(look)).toBe('dark 18px')
    await page.reload()
    await page.locator('#composer-keys', { hasText: 'Ctrl' }).waitFor()
    expect(await page.evaluate(look)).toBe('dark 18px')

    const field = page.getByRole('textbox', { name: 'Message Storyteller' })
    await field.focus()
    await page.keyboard.type('one')
    await page.keyboard.press('Enter')
    await page.keyboard.type('two')
    expect(await field.inputValue()).toBe('one\ntwo')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('article', { name: /^Storyteller/ }).getByText('two').waitFor()
  })
})
