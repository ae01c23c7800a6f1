// oxlint-disable-next-line import/default -- Vite makes it
import workerUrl from './highlight.worker.ts?worker&url'
import type { HighlightAnswer, HighlightRequest } from './highlight.worker.ts'
import type { Piece } from './pieces.ts'

/** More than this is shown as it is: nobody reads it for its colours. */
const maxLength = 100_000

interface TrustedTypes {
  readonly createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => { createScriptURL: (url: string) => string }
}

let worker: Worker | undefined
let count = 0
const waiting = new Map<number, (pieces: readonly Piece[]) => void>()

/** The page's policy lets no script start that it was not told of: this one, and no other, is told. */
const start = () => {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('hive-worker', { createScriptURL: () => workerUrl })
  const started = new Worker(policy ? policy.createScriptURL(workerUrl) : workerUrl, { type: 'module' })
  started.addEventListener('message', ({ data }: MessageEvent<HighlightAnswer>) => {
    waiting.get(data.id)?.(data.pieces)
    waiting.delete(data.id)
  })
  return started
}

/** Colours code in a worker that is started when there is the first. Calls back unless it was stopped before. */
export const highlight = (code: string, language: string, done: (pieces: readonly Piece[]) => void): (() => void) => {
  if (language === '' || code.length > maxLength) return () => {}
  worker ??= start()
  const id = ++count
  waiting.set(id, done)
  const request: HighlightRequest = { id, code, language }
  worker.postMessage(request)
  return () => waiting.delete(id)
}
