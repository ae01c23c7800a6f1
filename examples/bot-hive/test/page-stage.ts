import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from './browser.ts'
import { startHive, type RunningHive, type StartOptions } from './start-hive.ts'

const root = join(import.meta.dirname, '..')
export const storyteller = [process.execPath, '--conditions=@hivekit/source', join(import.meta.dirname, 'agents', 'storyteller.ts')]

/** A page of the hive. Disposing of it fails when it had complained: of an error, or of its own policy. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page
}

/** The real hive with two bots, the real page and a real browser. */
export interface Stage extends AsyncDisposable {
  readonly hive: RunningHive
  readonly open: (hash?: string, options?: BrowserContextOptions) => Promise<OpenedPage>
  /** Calls the hive beside the page, as another person would. */
  readonly call: <T>(method: string, path: string, body?: unknown) => Promise<T>
  /** Makes a session in which these things have been said and answered. */
  readonly tell: (botId: string, title: string, ...texts: readonly string[]) => Promise<string>
}

const isComplaint = (text: string) => !/status of (?:4|5)\d\d|net::ERR_/.test(text)

export const openStage = async (options: StartOptions = {}): Promise<Stage> => {
  execFileSync(process.execPath, [join(root, 'build-page.ts')], { stdio: ['ignore', 'inherit', 'inherit'] })
  const bots = [
    { id: 'storyteller', name: 'Storyteller', description: 'Tells everything in every way that a bot can.', command: storyteller },
    { id: 'echo', name: 'Echo', description: 'One thing at a time.', command: storyteller, maxConcurrent: 1 },
  ]
  const [hive, browser]: [RunningHive, Browser] = await Promise.all([startHive({ bots, ...options }), launchBrowser()])

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(hive.url + path, {
      method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? undefined : await response.json()) as T
  }

  return {
    hive,
    call,
    tell: async (botId, title, ...texts) => {
      const session = await call<{ id: string }>('POST', `/api/bots/${botId}/sessions`, { title })
      for (const text of texts) {
        const { replyId } = await call<{ replyId: string }>('POST', `/api/sessions/${session.id}/messages`, { text })
        for (;;) {
          const { items } = await call<{ items: { id: string; state: string }[] }>('GET', `/api/sessions/${session.id}/messages?limit=2`)
          const state = items.find(message => message.id === replyId)?.state
          if (state !== 'pending' && state !== 'streaming') break
        }
      }
      return session.id
    },
    open: async (hash = '#/', contextOptions = {}) => {
      const context = await browser.newContext(contextOptions)
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', error => complaints.push(error.message))
      page.on('console', message => {
        if (message.type() === 'error' && isComplaint(message.text())) complaints.push(message.text())
      })
      await page.goto(`${hive.url}/${hash}`)
      return {
        page,
        [Symbol.asyncDispose]: async () => {
          await context.close()
          if (complaints.length > 0) throw new Error(`The page complained:\n${complaints.join('\n')}`)
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close()
      await hive[Symbol.asyncDispose]()
    },
  }
}

/** Types into the composer and sends. */
export const say = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: /^Message / }).fill(text)
  await page.keyboard.press('Enter')
}
