import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStage, say, storyteller, type Stage } from './page-stage.ts'

let stage: Stage
let rich: string
let plan: string
let asked: string
let failed: string
beforeAll(async () => {
  stage = await openStage({
    bots: [
      { id: 'storyteller', name: 'Storyteller', description: 'Tells.', command: storyteller },
      { id: 'missing', name: 'Missing', description: 'Is not there.', command: 'no-such-program' },
    ],
  })
  rich = await stage.tell('storyteller', 'Rich', 'rich')
  plan = await stage.tell('storyteller', 'Plan', 'plan')
  failed = await stage.tell('storyteller', 'Failed', 'fail')
  asked = (await stage.call<{ id: string }>('POST', '/api/bots/storyteller/sessions', { title: 'Asked' })).id
  await stage.call('POST', `/api/sessions/${asked}/messages`, { text: 'ask' })
})
afterAll(() => stage?.[Symbol.asyncDispose]())

interface Violation { readonly id: string; readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[] }

const everything = '["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]'

const violations = async (page: Page, rules = everything): Promise<string[]> => {
  if (!await page.evaluate('"axe" in window')) await page.evaluate(axe.source)
  const found = await page.evaluate<{ violations: Violation[] }>(`axe.run(document, { runOnly: ${rules} })`)
  return found.violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))
}

const states: Readonly<Record<string, (page: Page, go: (hash: string) => Promise<void>) => Promise<void>>> = {
  'nothing open': async (page, go) => {
    await go('#/')
    await page.getByRole('link', { name: /Storyteller/ }).waitFor()
  },
  'a new session': async (page, go) => {
    await go('#/bots/storyteller/sessions/new')
    await page.getByRole('heading', { name: 'New session' }).waitFor()
  },
  'a rich message': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${rich}`)
    await page.locator('.code-keyword').first().waitFor()
  },
  'a plan, its tools and thoughts': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${plan}`)
    await page.getByText('Read hive.log').click()
    await page.getByText('Thoughts').click()
  },
  'a question': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${asked}`)
    await page.getByRole('button', { name: 'Keep them' }).waitFor()
  },
  'a failed reply': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${failed}`)
    await page.getByRole('button', { name: 'Ask again' }).waitFor()
  },
  'a bot that is not there': async (page, go) => {
    await go('#/bots/missing/sessions/new')
    await page.getByRole('button', { name: 'Launch Missing' }).waitFor()
  },
  'a title being changed': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${rich}`)
    await page.getByRole('button', { name: 'Rename session' }).click()
  },
  'a session about to be deleted': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${rich}`)
    await page.getByRole('button', { name: 'Delete session' }).click()
    await page.getByRole('dialog').waitFor()
  },
  'preferences': async (page, go) => {
    await go('#/')
    await page.getByRole('button', { name: 'Preferences' }).click()
    await page.getByRole('dialog', { name: 'Preferences' }).waitFor()
  },
  'suggestions': async (page, go) => {
    await go('#/bots/storyteller/sessions/new')
    await page.getByRole('button', { name: '/rich' }).waitFor()
    await page.getByRole('textbox', { name: 'Message Storyteller' }).fill('/')
    await page.getByRole('listbox').waitFor()
  },
  'a lost connection': async (page, go) => {
    await page.route('**/api/**', route => route.abort())
    await go(`#/bots/storyteller/sessions/${rich}`)
    await page.getByText(/Connection to the hive lost/).first().waitFor()
  },
  'a message that cannot be sent': async (page, go) => {
    await go(`#/bots/storyteller/sessions/${rich}`)
    await page.getByRole('table').waitFor()
    await page.route('**/messages', route => route.fulfill({ status: 500, body: 'no' }))
    await say(page, 'hello')
    await page.getByRole('button', { name: 'Discard' }).waitFor()
  },
}

describe.each([{ width: 320 }, { width: 1440 }])('nothing to fault at $width px, light and dark:', ({ width }) => {
  test('every state', { timeout: 60_000 }, async () => {
    await using opened = await stage.open('#/', { viewport: { width, height: 800 }, colorScheme: 'light', reducedMotion: 'reduce' })
    const { page } = opened
    for (const [name, reach] of Object.entries(states)) {
      await reach(page, async hash => {
        await page.goto('about:blank')
        await page.goto(`${stage.hive.url}/${hash}`)
      })
      const found = await violations(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      found.push(...await violations(page, '{ "type": "rule", "values": ["color-contrast"] }'))
      expect({ [name]: found }).toEqual({ [name]: [] })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await page.emulateMedia({ colorScheme: 'light' })
      await page.unrouteAll()
    }
  })
})

test('the check sees a fault where there is one', async () => {
  await using opened = await stage.open()
  const { page } = opened
  await page.getByRole('link', { name: /Storyteller/ }).waitFor()
  await page.evaluate('document.body.append(Object.assign(document.createElement("button"), { type: "button" }))')
  expect((await violations(page)).join()).toContain('button-name')
})

test('the beginning and the end of a reply are said, and nothing between', async () => {
  await using opened = await stage.open('#/bots/storyteller/sessions/new')
  const { page } = opened
  await page.evaluate(`
    window.said = []
    new MutationObserver(() => window.said.push(document.querySelector('output').textContent))
      .observe(document.querySelector('output'), { childList: true, characterData: true, subtree: true })`)
  await say(page, 'slow 20')
  await page.getByText('word20').last().waitFor()
  await page.locator('output', { hasText: 'Storyteller replied.' }).waitFor({ state: 'attached' })
  const said = await page.evaluate<string[]>('window.said')
  expect(said.length).toBeLessThanOrEqual(2)
  expect(said.join(' ')).not.toContain('word')
})

test('the skip link leads to the conversation', async () => {
  await using opened = await stage.open(`#/bots/storyteller/sessions/${rich}`)
  const { page } = opened
  await page.getByRole('table').waitFor()
  await page.evaluate('document.activeElement?.blur()')
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to the conversation' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await page.locator('#place-title').and(page.locator(':focus')).waitFor()
})
