import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, say, type Stage } from './page-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test('one selects a bot, says something, sees the reply stream, and finds it all again after a reload', async () => {
  await using opened = await stage.open()
  const { page } = opened
  await page.getByRole('link', { name: /Storyteller/ }).click()
  await page.getByRole('link', { name: 'New session' }).click()
  await say(page, 'slow 12')
  const reply = page.getByRole('article', { name: /^Storyteller/ })
  await reply.getByText('word2').waitFor()
  expect(await reply.getByText('word12').count()).toBe(0)
  await reply.getByText('word12').waitFor()
  await reply.getByText('Working').waitFor({ state: 'detached' })

  await page.reload()
  await page.getByRole('article', { name: /^You/ }).getByText('slow 12').waitFor()
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('word12').waitFor()
  await page.getByRole('heading', { level: 2, name: 'slow 12' }).waitFor()
})

test('a reply belongs to the session that asked, and the other session is marked as unread', async () => {
  const first = await stage.tell('storyteller', 'Asked here')
  const second = await stage.tell('storyteller', 'Looked at meanwhile')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${first}`)
  const { page } = opened
  await say(page, 'slow 10')
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('word1').waitFor()
  await page.getByRole('link', { name: /Looked at meanwhile/ }).click()
  await page.getByRole('heading', { level: 2, name: 'Looked at meanwhile' }).waitFor()
  await page.getByRole('link', { name: /Asked here.*unread: 1/ }).waitFor()
  expect(await page.getByRole('article').count()).toBe(0)
  expect((await stage.call<{ items: unknown[] }>('GET', `/api/sessions/${second}/messages`)).items).toEqual([])
  await page.getByRole('link', { name: /Asked here/ }).click()
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('word10').waitFor()
  await page.getByRole('link', { name: /unread/ }).waitFor({ state: 'detached' })
})

test('a bot that dies mid-reply says why, comes back, and can be asked again', async () => {
  const id = await stage.tell('storyteller', 'To the end')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  await say(page, 'die')
  await page.getByText('Exited with code 3: Out of memory, giving up.').first().waitFor()
  await page.getByRole('button', { name: 'Ask again' }).waitFor()
  await page.getByRole('link', { name: /Storyteller.*Ready/ }).waitFor()
  await say(page, 'rich')
  await page.getByRole('table').waitFor()
})

test('a bot that is killed comes back by itself; one that is stopped is launched by a person', async () => {
  await using opened = await stage.open('#/bots/echo/sessions/new')
  const { page } = opened
  const row = page.getByRole('link', { name: /^Echo/ })
  await row.filter({ hasText: 'Ready' }).waitFor()
  const { pid, restarts } = await stage.call<{ pid: number; restarts: number }>('GET', '/api/bots/echo')
  process.kill(pid, 'SIGKILL')
  await expect.poll(async () => (await stage.call<{ restarts: number; state: string }>('GET', '/api/bots/echo')), { timeout: 15_000 })
    .toMatchObject({ restarts: restarts + 1, state: 'ready' })
  await row.filter({ hasText: 'Ready' }).waitFor()

  const controls = page.getByRole('group', { name: 'Echo controls' })
  await controls.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('Echo is stopped and cannot reply.').waitFor()
  await page.getByRole('textbox', { name: 'Message Echo' }).fill('hello')
  expect(await page.getByRole('button', { name: 'Send' }).getAttribute('aria-disabled')).toBe('true')
  await page.getByRole('button', { name: 'Launch Echo' }).click()
  await row.filter({ hasText: 'Ready' }).waitFor()
  await controls.getByRole('button', { name: 'Pause' }).click()
  await row.filter({ hasText: 'Paused' }).waitFor()
  await page.getByRole('button', { name: 'Resume Echo' }).click()
  await row.filter({ hasText: 'Ready' }).waitFor()
})

test('a message waits its turn, tells its place, and Escape takes it back', async () => {
  const first = await stage.tell('echo', 'Busy')
  const second = await stage.tell('echo', 'Waiting')
  await stage.call('POST', `/api/sessions/${first}/messages`, { text: 'slow 400' })
  await stage.call('POST', `/api/sessions/${first}/messages`, { text: 'slow 1' })
  await using opened = await stage.open(`#/bots/echo/sessions/${second}`)
  const { page } = opened
  await say(page, 'and me?')
  await page.getByText('Next for Echo').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('You cancelled it.').waitFor()
  await stage.call('POST', `/api/sessions/${first}/cancel`)
})

test('plans, tools and thoughts are shown, and a question is answered by a button', async () => {
  const id = await stage.tell('storyteller', 'Work', 'plan')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  await page.getByRole('group', { name: 'Plan' }).getByText('3 of 3 done').waitFor()
  await page.getByText('Read hive.log').click()
  await page.getByText('worker crashed').waitFor()
  await page.getByText('Thoughts').click()
  await page.getByText('First look, then count, then say.').waitFor()

  await say(page, 'ask')
  await page.getByRole('group', { name: 'Delete 3 old backups?' }).getByRole('button', { name: 'Keep them' }).click()
  await page.getByText('Kept.').waitFor()
})

test('a long session shows its end, reads what is older on the way up, and what one reads stays where it is', { timeout: 60_000 }, async () => {
  const id = await stage.tell('storyteller', 'Long', ...Array.from({ length: 70 }, (_, i) => `number ${i + 1}`))
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('number 70').waitFor()
  expect(await page.getByRole('article').count()).toBeLessThan(60)
  const scroller = page.getByRole('region', { name: 'Messages' })
  await scroller.hover()

  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  await page.route('**/messages?before=*', async route => {
    await held
    await route.continue()
  })
  // The page follows its end until it has settled there: one goes up until it has noticed.
  await expect.poll(async () => {
    await page.evaluate("document.querySelector('.messages-scroller').scrollTop = 0")
    return page.getByText('Reading older messages…').count()
  }, { timeout: 15_000 }).toBe(1)
  const first = page.getByRole('article', { name: /^You/ }).filter({ hasText: 'number 46' })
  await first.waitFor()
  const before = await first.boundingBox()
  release()
  await page.getByText('Reading older messages…').waitFor({ state: 'detached' })
  await page.unrouteAll({ behavior: 'wait' })
  const after = await first.boundingBox()
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? 1_000))).toBeLessThanOrEqual(2)

  await expect.poll(async () => {
    await page.mouse.wheel(0, -900)
    return page.getByText('number 1', { exact: true }).count()
  }, { timeout: 20_000, interval: 30 }).toBeGreaterThan(0)
  await page.getByRole('button', { name: 'Newest' }).click()
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('number 70').waitFor()
})

test('without a connection a message waits, and is sent once when the hive is back', async () => {
  const id = await stage.tell('storyteller', 'Cut off')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  await page.getByText('Live', { exact: true }).waitFor()
  await page.route('**/messages', route => route.abort())
  await say(page, 'hello after all')
  await page.getByText('Will be sent when the hive can be reached').waitFor()
  await page.reload()
  await page.getByText('Will be sent when the hive can be reached').waitFor()
  await page.unroute('**/messages')
  await page.reload()
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('hello after all').waitFor()
  const { items } = await stage.call<{ items: { role: string }[] }>('GET', `/api/sessions/${id}/messages`)
  expect(items.map(({ role }) => role)).toEqual(['user', 'bot'])
})

test('what the hive refuses is said where it happened, and can be sent again', async () => {
  const id = await stage.tell('storyteller', 'Refused')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  const problem = { type: 'about:blank', title: 'Full', status: 507, code: 'storage_full', kind: 'permanent', detail: 'The disk is full.' }
  await page.route('**/messages', route => route.request().method() === 'POST'
    ? route.fulfill({ status: 507, contentType: 'application/problem+json', body: JSON.stringify(problem) })
    : route.continue())
  await say(page, 'keep this')
  await page.getByText('The disk is full.').waitFor()
  await page.unroute('**/messages')
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.getByRole('article', { name: /^Storyteller/ }).getByText('keep this').waitFor()
})

test('a session is renamed and deleted by keyboard alone, and the focus is never lost', async () => {
  const id = await stage.tell('storyteller', 'Old name')
  await using opened = await stage.open('#/bots/storyteller')
  const { page } = opened
  await page.getByRole('link', { name: /Old name/ }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: 'Message Storyteller' }).and(page.locator(':focus')).waitFor()
  await page.getByRole('button', { name: 'Rename session' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('New name')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 2, name: 'New name' }).waitFor()
  await page.getByRole('button', { name: 'Rename session' }).and(page.locator(':focus')).waitFor()
  await page.getByRole('button', { name: 'Delete session' }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Delete this session?' })
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Delete session' }).and(page.locator(':focus')).waitFor()
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Delete' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /New name/ }).waitFor({ state: 'detached' })
  await page.locator(':focus').and(page.locator('textarea, h2, a')).waitFor()
  await expect(stage.call('GET', `/api/sessions/${id}`)).rejects.toThrow('404')
})

test('drafts stay with their session, and the way back leads back', async () => {
  const [one, two] = [await stage.tell('storyteller', 'Draft one'), await stage.tell('storyteller', 'Draft two')]
  await using opened = await stage.open(`#/bots/storyteller/sessions/${one}`)
  const { page } = opened
  const field = page.getByRole('textbox', { name: 'Message Storyteller' })
  await field.fill('half a thought')
  await page.getByRole('link', { name: /Draft two/ }).click()
  await page.getByRole('heading', { level: 2, name: 'Draft two' }).waitFor()
  expect(await field.inputValue()).toBe('')
  expect(page.url()).toContain(two)
  await page.goBack()
  await page.getByRole('heading', { level: 2, name: 'Draft one' }).waitFor()
  expect(await field.inputValue()).toBe('half a thought')
  await page.reload()
  await page.getByRole('heading', { level: 2, name: 'Draft one' }).waitFor()
  expect(await field.inputValue()).toBe('half a thought')
})

test('on a phone one thing is seen at a time, with a way between', async () => {
  await stage.tell('storyteller', 'Pocket')
  await using opened = await stage.open('#/', { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })
  const { page } = opened
  await page.getByRole('link', { name: /Storyteller/ }).tap()
  await page.getByRole('link', { name: /Pocket/ }).tap()
  await page.getByRole('heading', { level: 2, name: 'Pocket' }).waitFor()
  expect(await page.getByRole('navigation', { name: 'Bots' }).isVisible()).toBe(false)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
  await page.getByRole('link', { name: 'Back to Storyteller' }).tap()
  await page.getByRole('link', { name: /Pocket/ }).waitFor()
  await page.getByRole('link', { name: 'Bots' }).tap()
  await page.getByRole('navigation', { name: 'Bots' }).waitFor()
})

test('code gets its colours from a worker that the policy of the page allows', async () => {
  const id = await stage.tell('storyteller', 'Colours', 'rich')
  await using opened = await stage.open(`#/bots/storyteller/sessions/${id}`)
  const { page } = opened
  const code = page.getByRole('group', { name: 'Code, ts' })
  await code.locator('.code-keyword', { hasText: 'const' }).first().waitFor()
  expect(await code.textContent()).toBe("const hive = await openHive({ dataDir: '.hive' })\nfor (const bot of hive.bots()) console.log(bot.name, bot.state)")
})
