import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStage, say, type Stage } from './page-stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ env: { HIVE_TOKEN: 'open sesame' } })
})
afterAll(() => stage?.[Symbol.asyncDispose]())

test('a hive with a token asks for it, says when it is wrong, and lets in who has it', async () => {
  await using opened = await stage.open('#/bots/storyteller/sessions/new')
  const { page } = opened
  await page.getByLabel('Token').fill('guess')
  await page.keyboard.press('Enter')
  await page.getByText('That is not the token.').waitFor()
  await page.getByLabel('Token').fill('open sesame')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 2, name: 'New session' }).waitFor()
  await page.getByText('Live', { exact: true }).waitFor()

  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))
  await say(page, '<img src="https://evil.example/a.png" onerror="document.title=1"> ![x](https://evil.example/b.png) [y](javascript:document.title=2)')
  const reply = page.getByRole('article', { name: /^Storyteller/ })
  await reply.getByRole('link', { name: 'Image: x' }).waitFor()
  expect(await page.title()).toContain('Bot hive')
  expect(await reply.getByRole('img').count()).toBe(0)
  expect(asked.filter(url => !url.startsWith(stage.hive.url))).toEqual([])
})

test('what the page loads before anything else is at most 110 kB', () => {
  const folder = join(import.meta.dirname, '..', 'dist', 'web')
  const first = [...readFileSync(join(folder, 'index.html'), 'utf8').matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(match => match[1] ?? '')
  const size = (file: string) => gzipSync(readFileSync(join(folder, file)), { level: 9 }).length
  expect(first.length).toBeGreaterThan(0)
  const initial = first.reduce((sum, file) => sum + size(file), 0)
  const all = readdirSync(join(folder, 'assets')).filter(file => file.endsWith('.js')).map(file => `${file} ${size(`assets/${file}`)}`)
  process.stderr.write(`initial JavaScript, gzip: ${initial} bytes (${all.join(', ')})\n`)
  expect(initial).toBeLessThanOrEqual(110_000)
})
