import { HiveError } from '@hivekit/errors'
import type { Message } from '../message.ts'
import type { PdfOptions } from '../pdf/pdf-document.ts'
import { startWorker } from '../start-worker.ts'
import type { SessionSource } from './session-source.ts'

/** Messages go to the thread this many at a time. */
const batchSize = 50

/** Writes a PDF on a thread of its own, which ends with the export, however that ends. */
export const exportPdf = async function* (
  source: SessionSource,
  options: Omit<PdfOptions, 'session'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const workerData: PdfOptions = { session: source.session, ...options }
  // What it makes is soon forgotten: room for much of it would only be filled before it is swept.
  const worker = startWorker('pdf', workerData, { maxYoungGenerationSizeMb: 8 })
  let fail: (error: unknown) => void = () => {}
  const broken = new Promise<never>((_, reject) => { fail = reject })
  broken.catch(() => {})
  const abort = () => fail(new HiveError('cancelled', 'The export was cancelled.'))
  worker.on('error', error => fail(new HiveError('internal', `The PDF could not be written: ${String(error)}`, { cause: error })))
  signal?.addEventListener('abort', abort, { once: true })
  const ask = (messages: readonly Message[] | 'end'): Promise<Uint8Array> => {
    const answer = new Promise<Uint8Array>(resolve => worker.once('message', resolve))
    worker.postMessage(messages)
    return Promise.race([answer, broken])
  }
  try {
    let batch: Message[] = []
    for await (const message of source.messages()) {
      batch.push(message)
      if (batch.length < batchSize) continue
      yield await ask(batch)
      batch = []
    }
    if (batch.length > 0) yield await ask(batch)
    yield await ask('end')
  } finally {
    signal?.removeEventListener('abort', abort)
    await worker.terminate()
  }
}
