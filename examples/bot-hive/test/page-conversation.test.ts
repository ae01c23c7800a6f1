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
  await page.getByRole('heading', { level: 1, name: 'slow 12' }).waitFor()
})
